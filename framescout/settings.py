"""Settings: configs/default.toml, the person's own file, the catalog's, the environment, flags; the last one wins.

Nothing else reads FRAMESCOUT_* variables. What the system and other programs set is read where it is needed: what a
terminal can draw, where shells keep their completions, how many threads numpy's products take.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from framescout.address import Address, place_of, vectors_at
from framescout.errors import NotAvailableError, UsageError
from framescout.resources import bundled
from framescout.roots import check_roots
from framescout.zones import zone_named

FILE = "framescout.toml"
"""A file of settings that is found by itself: in the person's configuration folder and in the catalog's folder."""

DENSITIES = ("fast", "balanced", "thorough")
"""From few keyframes to many."""


_SITE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")  # a value that Ray takes for a label

DECODERS = ("cpu", "cuda")
"""What can decode: the processor; NVIDIA's GPUs."""

_NAMED_BY_ITS_OWNER = {
    "ffmpeg": "a program",
    "ray": "other machines",
    "ray_sites": "other machines",
    "ray_gpus_per_video": "other machines",
    "catalog": "a catalog",
    "vectors": "a place for vectors",
}
"""What a setting names that the file in a catalog's folder may not set, since the catalog may be somebody else's: a
program that would be run, machines and places that would receive footage and vectors, another catalog."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set; configs/default.toml says what each means."""

    model: str
    density: str
    workers: int
    ray: str
    ray_sites: dict[str, str]
    ray_gpus_per_video: float
    batch: int
    decode_on: str
    timezone: str
    camera_pattern: str
    decode_timeout: float
    decode_memory: int
    max_pixels: int
    ffmpeg: str
    catalog: str
    vectors: str
    roots: dict[str, str]

    def __post_init__(self) -> None:
        try:
            place_of(self.catalog)
            vectors_at(self.vectors)
            check_roots(self.roots)
        except UsageError as error:
            raise ValueError(str(error)) from None
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
        self._check_cluster()
        zone_named(self.timezone)
        if self.camera_pattern:
            try:
                has_camera = "camera" in re.compile(self.camera_pattern).groupindex
            except re.error as error:
                raise ValueError(f"camera_pattern is no regular expression: {error}") from None
            if not has_camera:
                raise ValueError("camera_pattern needs a group like (?P<camera>...)")

    def _check_cluster(self) -> None:
        for folder, site in self.ray_sites.items():
            if not Path(folder).is_absolute():
                raise ValueError(f"ray_sites needs absolute paths, not {folder!r}")
            if not _SITE.fullmatch(site):
                raise ValueError(f"ray_sites: {site!r} is no label; take letters, digits, - and _, like berlin")
        if self.ray_gpus_per_video and not 0.01 <= self.ray_gpus_per_video <= 1:
            raise ValueError(f"ray_gpus_per_video is 0, or from 0.01 to 1, not {self.ray_gpus_per_video:g}")

    @property
    def zone(self) -> tzinfo:
        """The zone of times in file names."""
        return zone_named(self.timezone)


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
    return load(chosen["config"], catalog=catalog_folder(chosen), **flags)


def layers(config: Path | None = None, catalog: Path | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Where settings come from, weakest first: (source, what it sets). With a file that is named none is looked for.

    Raises:
        UsageError: a catalog's file names a program or other machines, since a catalog may be another's; or a catalog.
    """
    default = bundled("configs") / "default.toml"
    sources = [("configs/default.toml", read_toml(default, "the configuration"))]
    if config is not None:
        named = named_file(config)
        sources.append((str(named), read_toml(named, "the configuration")))
    else:
        for path in (own_file(), *([catalog / FILE] if catalog else [])):
            if path.is_file():
                given = read_toml(path, "the configuration")
                for name, what in _NAMED_BY_ITS_OWNER.items():
                    if name in given and path != own_file():
                        raise UsageError(f"{path} names {what} ({name}), which only your own {own_file()} may")
                sources.append((str(path), given))
    sources.append(("the environment", _from_environment(os.environ)))
    return sources


def named_file(config: Path | None) -> Path:
    """The file that is named by --config: a path, or a name in configs/; without it the person's own."""
    if config is None:
        return own_file()
    return config if config.exists() else bundled("configs") / config.name


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


def catalog_place(chosen: Mapping[str, Any]) -> Path | Address:
    """Where the catalog is, by what a command line chose.

    The flag, else $FRAMESCOUT_CATALOG, else what the file named by --config or the person's own says, else the
    platform's place for a user's data.

    Raises:
        NotAvailableError: the file can't be read.
        UsageError: it is an address that framescout doesn't know.
    """
    given: Path | Address | None = chosen["catalog"]
    if given is not None:
        return given
    named = os.environ.get("FRAMESCOUT_CATALOG") or _catalog_in_file(chosen["config"])
    return place_of(named) if named else Path(platformdirs.user_data_dir("framescout"))


def _catalog_in_file(config: Path | None) -> str:
    """What the person's own file of settings, or the one that is named in its place, says of the catalog."""
    path = named_file(config)
    if config is None and not path.is_file():
        return ""
    return str(read_toml(path, "the configuration").get("catalog", ""))


def catalog_folder(chosen: Mapping[str, Any]) -> Path:
    """The folder of the catalog; of one in a database, where this machine keeps what is derived from it."""
    place = catalog_place(chosen)
    return place if isinstance(place, Path) else place.folder


def cache_folder() -> Path:
    """Where a machine keeps models' towers that belong to no catalog of its own: the platform's place for a cache."""
    return Path(platformdirs.user_cache_dir("framescout"))


def state_folder() -> Path:
    """The folder that remembers what a person did last: the platform's place for it."""
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
    except OSError as error:
        raise NotAvailableError(f"{what} {path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NotAvailableError(f"{what} {path} can't be read: it is not UTF-8") from error
    except (ValueError, RecursionError) as error:  # a number or a nesting that is too long is no TOMLDecodeError
        found = re.search(r" \(at (line \d+), column \d+\)$", str(error))
        line, said = (f", {found[1]}", str(error)[: found.start()]) if found else ("", str(error))
        if not isinstance(error, tomllib.TOMLDecodeError):
            said = "it is nested too deeply, or a number in it is too long"
        raise UsageError(f"{path}{line}: this is no TOML: {said[:1].lower()}{said[1:]}") from error


def check_object_store() -> None:
    """Check the address of an object store in the environment: of a malformed one, the store's library panics.

    Raises:
        UsageError: it is malformed.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if endpoint and not re.match(r"https?://[^/]", endpoint):
        raise UsageError(f"AWS_ENDPOINT_URL is no address ({endpoint!r}); write it like https://HOST:PORT")


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        text = environment.get(f"FRAMESCOUT_{name.upper()}")
        if text is not None and name not in ("roots", "ray_sites"):  # which no single text can say
            values[name] = text
    return values


def _checked(values: dict[str, Any], source: str) -> Settings:
    unknown = [name for name in values if name not in Settings.__struct_fields__]
    if unknown:
        import difflib

        near = difflib.get_close_matches(unknown[0], Settings.__struct_fields__, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(Settings.__struct_fields__)}"
        raise UsageError(f"{source}: there is no setting {unknown[0]!r}{hint}")
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: {error}") from error
