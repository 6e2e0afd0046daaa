"""Resolves a model's name to what open_clip is asked for and to the model's files, without torch or a network.

Two models whose files differ in a byte have different fingerprints, wherever the files lie.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from framescout.errors import ModelNotAvailableError
from framescout.file_checksums import digest_of
from framescout.packages import is_installed
from framescout.resources import bundled
from framescout.settings import models_folder

_PREPARED = b"1"  # raised when pictures or sentences are prepared in another way: embeddings no longer compare
_HUB = "hf-hub:"
_LOCAL = "local-dir:"
_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")  # what open_clip asks a hub for, in order
_PART_OF_MODEL = {".json", ".txt", ".model", ".safetensors", ".bin", ".pth"}
PHRASINGS = ("{}", "a photo of {}", "a video frame of {}", "security camera footage of {}")
"""Ways to write a sentence, whose vectors are averaged, so that one wording matters less (Radford et al. 2021,
arXiv:2103.00020, 3.1.4); for models whose preset says no others."""

_SHORT = "framescout models lists the short names"


class Preset(msgspec.Struct, frozen=True):
    """A short name of configs/models.toml."""

    name: str
    model: str
    """What it stands for, as open_clip writes it."""
    dimensions: int
    about: str
    download_bytes: int | None
    """About what a fetch brings: its parameters in float32; None for a model that ships with framescout."""
    phrasings: tuple[str, ...]
    """As in `PHRASINGS`."""


class Source(msgspec.Struct, frozen=True):
    """Where a model comes from, in open_clip's terms."""

    name: str
    """As the person wrote it."""
    model: str
    """What open_clip is asked for: 'local-dir:/path', 'hf-hub:org/name', or one of its own names."""
    tag: str | None
    """open_clip's tag of pretrained weights, with one of its own names."""
    force_quick_gelu: bool = False
    """Whether the weights were trained with QuickGELU, where open_clip's architecture of this name has plain GELU."""
    imported: Path | None = None
    """The folder of a model that was imported, laid out as the hub's cache; without one the hub's own cache is read."""

    @property
    def folder(self) -> Path | None:
        """The folder of a local model."""
        return Path(self.model.removeprefix(_LOCAL)) if self.model.startswith(_LOCAL) else None

    @property
    def repository(self) -> str | None:
        """The hub's repository of a model that is named by it."""
        return self.model.removeprefix(_HUB) if self.model.startswith(_HUB) else None


@cache
def presets() -> dict[str, Preset]:
    """The short names, in the order of configs/models.toml."""
    table = tomllib.loads((bundled("configs") / "models.toml").read_text(encoding="utf-8"))
    named = {}
    for name, given in table.items():
        model = given["model"]
        if model.startswith("bundled:"):
            model = f"{_LOCAL}{bundled('models') / model.removeprefix('bundled:')}"
        phrasings = tuple(given.get("phrasings", PHRASINGS))
        size = given["megabytes"] * 1_000_000 if "megabytes" in given else None
        named[name] = Preset(name, model, given["dimensions"], given["about"], size, phrasings)
    return named


def phrasings_of(name: str) -> tuple[str, ...]:
    """How sentences are written for the model of this name."""
    preset = presets().get(name)
    return preset.phrasings if preset else PHRASINGS


def resolve(name: str) -> Source:
    """What `name` stands for.

    Raises:
        ModelNotAvailableError: no model has this name, and the sentence says which one is near; or open_clip
            contradicts itself about the activation that its weights were trained with.
    """
    source = _named(name)
    folder = place_of(source)
    return replace(source, imported=folder) if folder.is_dir() else source


def place_of(source: Source) -> Path:
    """Where a model lies once it has been imported."""
    words = source.model if source.tag is None else f"{source.model}/{source.tag}"
    return models_folder() / re.sub(r"[^\w.-]+", "--", words)


def _named(name: str) -> Source:
    preset = presets().get(name)
    model = preset.model if preset else name
    if model.startswith(_HUB):
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", model.removeprefix(_HUB)):
            raise ModelNotAvailableError(f"{name!r} names no model; a hub's are written hf-hub:organisation/name")
        return Source(name, model, None)
    if model.startswith(_LOCAL):
        path = Path(model.removeprefix(_LOCAL)).expanduser()
        return Source(name, f"{_LOCAL}{path.absolute()}", None)
    architecture, _, tag = model.partition("/")
    if tag and tag in _tags().get(architecture, ()):
        return Source(name, architecture, tag, _must_force_quick_gelu(architecture, tag))
    raise ModelNotAvailableError(_unknown(name))


def files(source: Source) -> tuple[Path, ...]:
    """The configuration and the weights, for a folder also the tokenizer: what makes the model what it is.

    Raises:
        ModelNotAvailableError: they are not on this machine.
    """
    if source.folder:
        return _folder_files(source, source.folder)
    repository, wanted, weights = hub_files(source)
    there = [cached(source, repository, name) for name in wanted]
    best = next(filter(None, (cached(source, repository, name) for name in weights)), None)
    if best is None or None in there:
        raise ModelNotAvailableError(
            f"the weights of model {source.name} are not on this machine; "
            f"run `framescout models fetch {source.name}` where there is a network, or `framescout models import` with "
            "a file that another machine exported"
        )
    return (*filter(None, there), best)


def hub_files(source: Source) -> tuple[str, list[str], list[str]]:
    """A hub's repository, the files that are needed of it besides the weights, the names of the weights, best first."""
    if source.repository:
        return source.repository, ["open_clip_config.json"], list(_WEIGHTS)
    repository, weights = _tagged_weights(source)
    return repository, [], weights


def cached(source: Source, repository: str, file_name: str) -> Path | None:
    """A file of the hub as it lies on this machine."""
    if source.imported is None and not is_installed("huggingface_hub"):  # a small install: it fetched nothing
        return None
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, file_name, cache_dir=source.imported)
    return Path(found) if isinstance(found, str) else None


def fetched(source: Source) -> int | None:
    """Bytes that a model takes on this machine; None where its weights are not here."""
    try:
        return sum(path.stat().st_size for path in files(source))
    except (ModelNotAvailableError, OSError):
        return None


def fingerprint(name: str) -> str:
    """Hash of a model's configuration and weights, 32 hexadecimal digits. Reads every byte of them: about 1 s a GB.

    Raises:
        ModelNotAvailableError: they are not on this machine.
    """
    return fingerprint_of(resolve(name))


def fingerprint_of(source: Source) -> str:
    """As `fingerprint`; an imported model has that of the one it was exported from."""
    digest = hashlib.blake2b(_PREPARED, digest_size=16)
    if source.tag:
        digest.update(_own_description(source.model, source.tag).encode())
    if source.force_quick_gelu:
        digest.update(b"quick_gelu")  # before it was forced, the same files made other embeddings
    for path in files(source):
        try:
            facts = path.stat()
            content = _content(path, facts.st_size, facts.st_mtime_ns)
        except OSError as error:
            raise ModelNotAvailableError(
                f"{path} of model {source.name} can't be read ({error.strerror}); look at its permissions"
            ) from error
        digest.update(f"{path.name}\0".encode() + content)
    return digest.hexdigest()


@cache
def _content(path: Path, _size_bytes: int, _mtime_ns: int) -> bytes:
    """Hash of a file; a run asks for it twice, when it plans and when it loads the model."""
    return digest_of(path)


def _folder_files(source: Source, folder: Path) -> tuple[Path, ...]:
    if not (folder / "open_clip_config.json").is_file():
        raise ModelNotAvailableError(
            f"there is no open_clip model in {folder}: open_clip_config.json is missing; "
            "name a folder that holds one, or another model"
        )
    found = sorted(path for path in folder.iterdir() if path.suffix in _PART_OF_MODEL and path.is_file())
    if not any(path.suffix in {".safetensors", ".bin", ".pth"} for path in found):
        raise ModelNotAvailableError(
            f"there are no weights in {folder}; put open_clip_model.safetensors there, or name another model"
        )
    return tuple(found)


def _tags() -> dict[str, list[str]]:
    """open_clip's own names and the tags of their weights; importing open_clip takes seconds."""
    import open_clip

    tags: dict[str, list[str]] = {}
    for architecture, tag in open_clip.list_pretrained():
        tags.setdefault(architecture, []).append(tag)
    return tags


def _tagged_weights(source: Source) -> tuple[str, list[str]]:
    """The hub's repository of an open_clip tag, and the names that its weights may have there, best first."""
    import open_clip

    repository, _, file_name = open_clip.get_pretrained_cfg(source.model, source.tag)["hf_hub"].rpartition("/")
    if not file_name:
        return repository, list(_WEIGHTS)
    return repository, [re.sub(r"\.(bin|pth?)$", ".safetensors", file_name), file_name]


def _must_force_quick_gelu(architecture: str, tag: str) -> bool:
    """Compare the activation of open_clip's architecture with the one its table gives for these weights.

    Raises:
        ModelNotAvailableError: the architecture has QuickGELU and the table says nothing of it: either may be wrong.
    """
    import open_clip

    weights = open_clip.get_pretrained_cfg(architecture, tag)
    built, trained = (bool(table.get("quick_gelu")) for table in (open_clip.get_model_config(architecture), weights))
    if built and not trained:
        raise ModelNotAvailableError(
            f"open_clip contradicts itself about the activation of {architecture}/{tag}; "
            f"use hf-hub:{weights['hf_hub'].rpartition('/')[0]}, which brings its own configuration"
        )
    return trained and not built


def _own_description(architecture: str, tag: str) -> str:
    import open_clip

    return json.dumps(
        [open_clip.get_model_config(architecture), open_clip.get_pretrained_cfg(architecture, tag)], sort_keys=True
    )


def _unknown(name: str) -> str:
    import difflib

    known = list(presets())
    near = difflib.get_close_matches(name, known, 1)
    if not near:
        full = [f"{architecture}/{tag}" for architecture, tags in _tags().items() for tag in tags]
        near = difflib.get_close_matches(name, full, 3, 0.5)
    if near:
        return f"there is no model {name!r}; did you mean {' or '.join(near)}? ({_SHORT})"
    return f"there is no model {name!r}; use {', '.join(known)}, or a name of open_clip's ({_SHORT})"
