"""Settings: configs/default.toml, the person's own file, the catalog's, the environment, flags; the last one wins.

The only reader of os.environ.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import platformdirs

from framescout.address import Address, place_of
from framescout.errors import NotAvailableError, UsageError
from framescout.resources import bundled

FILE = "framescout.toml"
"""A file of settings that is found by itself: in the person's configuration folder and in the catalog's folder."""

DENSITIES = ("fast", "balanced", "thorough")
"""From few keyframes to many."""


DECODERS = ("cpu", "cuda")
"""What can decode: the processor; NVIDIA's cards."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set; configs/default.toml says what each means."""

    model: str
    density: str
    workers: int
    batch: int
    decode_on: str
    timezone: str
    camera_pattern: str
    decode_timeout: float
    decode_memory: int
    max_pixels: int
    ffmpeg: str

    def __post_init__(self) -> None:
        if self.density not in DENSITIES:
            raise ValueError(f"density is one of {', '.join(DENSITIES)}, not {self.density!r}")
        if self.decode_on not in DECODERS:
            raise ValueError(f"decode_on is one of {', '.join(DECODERS)}, not {self.decode_on!r}")
        for name in ("workers", "batch"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} can't be negative")
        for name in ("decode_timeout", "decode_memory", "max_pixels"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"timezone {self.timezone!r} is not known; write it like Europe/Berlin") from None
        if self.camera_pattern:
            try:
                has_camera = "camera" in re.compile(self.camera_pattern).groupindex
            except re.error as error:
                raise ValueError(f"camera_pattern is no regular expression: {error}") from None
            if not has_camera:
                raise ValueError("camera_pattern needs a group like (?P<camera>...)")

    @property
    def zone(self) -> tzinfo:
        """The zone of times in file names."""
        return ZoneInfo(self.timezone)


def load(config: Path | None = None, *, catalog: Path | None = None, **flags: Any) -> Settings:
    """The settings in force; `config` is a path or the name of a file in configs/, flags that are None are not given.

    `catalog`: the folder of the catalog, whose own file of settings counts too.

    Raises:
        NotAvailableError: the file that was named can't be read.
        UsageError: an unknown key or a value that makes no sense; the sentence names it and where it stands.
    """
    values: dict[str, Any] = {}
    for source, given in layers(config, catalog):
        values |= given
        _checked(values, source)
    values |= {name: value for name, value in flags.items() if value is not None}
    return _checked(values, "the command line")


def load_chosen(chosen: Mapping[str, Any], **flags: Any) -> Settings:
    """As `load`, with the `config` and the `catalog` that a command line chose."""
    return load(chosen["config"], catalog=catalog_folder(chosen["catalog"]), **flags)


def layers(config: Path | None = None, catalog: Path | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Where settings come from, weakest first: (source, what it sets). With a file that is named none is looked for.

    Raises:
        UsageError: a catalog's file names a program: a catalog may be another's.
    """
    default = bundled("configs") / "default.toml"
    sources = [("configs/default.toml", read_toml(default, "the configuration"))]
    if config is not None:
        named = config if config.exists() else bundled("configs") / config.name
        sources.append((str(named), read_toml(named, "the configuration")))
    else:
        for path in (own_file(), *([catalog / FILE] if catalog else [])):
            if path.is_file():
                given = read_toml(path, "the configuration")
                if "ffmpeg" in given and path != own_file():
                    raise UsageError(f"{path} names a program (ffmpeg), which only your own {own_file()} may")
                sources.append((str(path), given))
    sources.append(("the environment", _from_environment(os.environ)))
    return sources


def sourced(config: Path | None, catalog: Path | None) -> dict[str, tuple[Any, str]]:
    """Each setting by its name: its value as it was written, and where that was.

    Raises:
        NotAvailableError, UsageError: as `load`.
    """
    load(config, catalog=catalog)  # a key or value that makes no sense is named
    values: dict[str, tuple[Any, str]] = {}
    for source, given in layers(config, catalog):
        values |= {name: (value, source) for name, value in given.items()}
    return values


def own_file() -> Path:
    """The file of the person's own settings, whether it is there or not."""
    folder = Path(platformdirs.user_config_dir("framescout"))
    older = folder / "config.toml"  # its name before framescout.toml
    return older if older.is_file() and not (folder / FILE).is_file() else folder / FILE


def catalog_place(given: Path | Address | None) -> Path | Address:
    """Where the catalog is: the flag, else $FRAMESCOUT_CATALOG, else the platform's place for a user's data.

    Raises:
        UsageError: it is an address that framescout doesn't know.
    """
    if given is not None:
        return given
    named = os.environ.get("FRAMESCOUT_CATALOG")
    return place_of(named) if named else Path(platformdirs.user_data_dir("framescout"))


def catalog_folder(given: Path | Address | None) -> Path:
    """The folder of the catalog; of one in a database, where this machine keeps what is derived from it."""
    place = catalog_place(given)
    return place if isinstance(place, Path) else place.folder


def state_folder() -> Path:
    """Where is kept what a person did last: the platform's place for it."""
    return Path(platformdirs.user_state_dir("framescout"))


def models_folder() -> Path:
    """Where imported models lie: in the platform's place for a user's data."""
    return Path(platformdirs.user_data_dir("framescout")) / "models"


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """A TOML file that a person wrote; `what` names it in a sentence: 'the labels'.

    Raises:
        NotAvailableError: it can't be read.
        UsageError: it is no TOML; the sentence names the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise NotAvailableError(f"{what} {path} can't be read: {error}") from error
    except (ValueError, RecursionError) as error:  # a number or a nesting that is too long is no TOMLDecodeError
        found = re.search(r" \(at (line \d+), column \d+\)$", str(error))
        line, said = (f", {found[1]}", str(error)[: found.start()]) if found else ("", str(error))
        if not isinstance(error, tomllib.TOMLDecodeError):
            said = "it is nested too deeply, or a number in it is too long"
        raise UsageError(f"{path}{line}: this is no TOML: {said[:1].lower()}{said[1:]}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        text = environment.get(f"FRAMESCOUT_{name.upper()}")
        if text is not None:
            values[name] = text
    return values


def _checked(values: dict[str, Any], source: str) -> Settings:
    unknown = [name for name in values if name not in Settings.__struct_fields__]
    if unknown:
        near = difflib.get_close_matches(unknown[0], Settings.__struct_fields__, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(Settings.__struct_fields__)}"
        raise UsageError(f"{source}: there is no setting {unknown[0]!r}{hint}")
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: {error}") from error
