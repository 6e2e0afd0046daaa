"""Exports a model as one ZIP file and imports it on another machine, for machines without a network.

The file is untrusted: it holds nothing but JSON, plain tables and safetensors, under names that are checked, of sizes
that are said beforehand, each with its checksum, and together with the fingerprint that they say.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from framescout import durable
from framescout.embedding.fetching import TOKENIZER_SUFFIXES, text_config
from framescout.embedding.presets import Source, cached, files, fingerprint_of, hub_files, place_of, presets, resolve
from framescout.errors import DiskFullError, ModelNotAvailableError, NotAvailableError
from framescout.file_checksums import digest_of

_LIST = "model.json"
_COMMIT = "0" * 40  # the state of a hub's repository; an imported one has a single state
_PLACE = re.compile(r"(\w[\w.-]*/\w[\w.-]*)/(\w[\w.-]*)", re.ASCII)
_MOST_FILES = 64
_MOST_BYTES = 40 * 10**9
_MOST_BYTES_OF_TABLES = 200 * 10**6
"""Of a file that is no weights."""
_LIST_BYTES = 10**6
_AT_ONCE = 2**22
_WAY_OUT = "export it again with `framescout models export`"


class _Contents(msgspec.Struct, forbid_unknown_fields=True):
    """What `model.json` says."""

    model: str
    """As open_clip names it: 'hf-hub:organisation/name', 'ViT-B-32/openai'."""
    fingerprint: str
    files: dict[str, str]
    """'organisation/name/file' of a hub -> its BLAKE2b checksum, 32 hexadecimal digits."""


class TransferredModel(msgspec.Struct, frozen=True):
    """A model that was exported or imported."""

    name: str
    """By which it is used: a short name where it has one."""
    fingerprint: str
    size_bytes: int


def export_model(name: str, target: Path) -> TransferredModel:
    """Write the model `name`, which is on this machine, into the ZIP file `target`; it appears whole or not at all.

    Raises:
        ModelNotAvailableError: it is not on this machine, ships with framescout, or is a folder of the person's own.
        DiskFullError: the file can't be written.
    """
    source = resolve(name)
    if source.folder:
        ships = f"{name} ships with framescout, every machine has it; name another model"
        own = f"{name} is a folder: copy it as it is, and name it there in the same way"
        raise ModelNotAvailableError(ships if name in presets() else own)
    parts = dict(_parts(source))
    contents = _Contents(
        _written(source), fingerprint_of(source), {place: digest_of(path).hex() for place, path in parts.items()}
    )
    try:
        with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".unfinished-") as temporary:
            unfinished = Path(temporary) / "model.zip"
            with zipfile.ZipFile(unfinished, "w", strict_timestamps=False) as archive:  # weights pack badly: stored
                archive.writestr(_LIST, msgspec.json.format(msgspec.json.encode(contents)))
                for place, path in parts.items():
                    archive.write(path, place)
            size = unfinished.stat().st_size
            durable.replace(unfinished, target)
    except OSError as error:
        raise DiskFullError(f"{target} can't be written ({error.strerror}); name another place") from error
    return TransferredModel(_short(contents.model), contents.fingerprint, size)


def import_model(path: Path) -> TransferredModel:
    """Take in the ZIP file that `export_model` wrote, and try the model; it is here wholly or not at all.

    Raises:
        NotAvailableError: the file can't be read.
        ModelNotAvailableError: it is no exported model, is damaged or hostile, or other weights of the model are here.
        DiskFullError: it doesn't fit.
    """
    from framescout.embedding.loading import load

    try:
        with _trouble_of(path), zipfile.ZipFile(path) as archive:
            contents = _contents(path, archive)
            source = replace(_source(path, contents), imported=None)
            folder = place_of(source)
            if folder.exists():
                return _already(contents, folder, replace(source, imported=folder))
            folder.parent.mkdir(parents=True, exist_ok=True)
            _make_sure_of_room(archive, folder.parent)
            durable.delete_abandoned(folder.parent, "unfinished-*")
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as temporary:
                unfinished = Path(temporary) / "model"
                size = _unpack(path, archive, contents, unfinished)
                unpacked = replace(source, imported=unfinished)
                if fingerprint_of(unpacked) != contents.fingerprint:
                    raise ModelNotAvailableError(
                        f"{path} holds another model than it says, or open_clip is of another version here; {_WAY_OUT}"
                    )
                load(unpacked)
                _make_durable(unfinished)
                unfinished.rename(folder)
                durable.sync(folder.parent)
    except OSError as error:
        raise DiskFullError(f"{path} can't be taken in ({error.strerror or error}); make room for it") from error
    return TransferredModel(source.name, contents.fingerprint, size)


def _parts(source: Source) -> Iterator[tuple[str, Path]]:
    """The files that make a model of a hub, by their places in the ZIP file."""
    repository, _, _ = hub_files(source)
    for path in files(source):
        yield f"{repository}/{path.name}", path
    config = text_config(source)
    if "hf_model_name" in config:
        raise ModelNotAvailableError(
            f"the text tower of {source.name} comes from transformers, which can't be exported; name another model"
        )
    tokenizer = config.get("hf_tokenizer_name")
    if not tokenizer:
        return
    known = cached(source, tokenizer, "tokenizer_config.json") or cached(source, tokenizer, "tokenizer.json")
    if known is None:
        raise ModelNotAvailableError(
            f"the tokenizer of {source.name} is not on this machine; run `framescout models fetch {source.name}`"
        )
    for path in sorted(known.parent.iterdir()):
        if path.suffix in TOKENIZER_SUFFIXES and path.is_file():
            yield f"{tokenizer}/{path.name}", path


def _contents(path: Path, archive: zipfile.ZipFile) -> _Contents:
    """What the file says it holds; that it holds just this is checked, before anything is unpacked."""
    members = {info.filename: info for info in archive.infolist()}
    if _LIST not in members or members[_LIST].file_size > _LIST_BYTES:
        raise ModelNotAvailableError(f"{path} holds no exported model; {_WAY_OUT}")
    try:
        contents = msgspec.json.decode(archive.read(_LIST), type=_Contents)
    except msgspec.DecodeError as error:
        raise ModelNotAvailableError(f"{path} holds no exported model ({error}); {_WAY_OUT}") from error
    if len(members) != len(archive.infolist()) or set(members) != {_LIST, *contents.files}:
        raise ModelNotAvailableError(f"{path} holds other files than it says; {_WAY_OUT}")
    if len(members) > _MOST_FILES or sum(info.file_size for info in members.values()) > _MOST_BYTES:
        raise ModelNotAvailableError(f"{path} is larger than any model; {_WAY_OUT}")
    for place in contents.files:
        suffix = Path(place).suffix
        if not _PLACE.fullmatch(place) or suffix not in {*TOKENIZER_SUFFIXES, ".safetensors"}:
            raise ModelNotAvailableError(f"{path} holds {place!r}, which is no part of a model; {_WAY_OUT}")
        if suffix != ".safetensors" and members[place].file_size > _MOST_BYTES_OF_TABLES:
            raise ModelNotAvailableError(f"{place!r} in {path} is far too large; {_WAY_OUT}")
    return contents


def _source(path: Path, contents: _Contents) -> Source:
    source = resolve(_short(contents.model))
    if source.folder:
        raise ModelNotAvailableError(f"{path} holds a model that is no hub's; {_WAY_OUT}")
    return source


def _already(contents: _Contents, folder: Path, source: Source) -> TransferredModel:
    with contextlib.suppress(ModelNotAvailableError):  # it is damaged
        if fingerprint_of(source) == contents.fingerprint:
            size = sum(path.stat().st_size for path in files(source))
            return TransferredModel(source.name, contents.fingerprint, size)
    raise ModelNotAvailableError(
        f"other weights of {source.name} were imported before, or are damaged; delete {folder} and import these again"
    )


def _unpack(path: Path, archive: zipfile.ZipFile, contents: _Contents, folder: Path) -> int:
    """Lay the files out as a hub's cache; return their bytes."""
    size = 0
    for place, checksum in contents.files.items():
        parts = _PLACE.fullmatch(place)
        assert parts
        own = folder / f"models--{parts[1].replace('/', '--')}"
        (own / "refs").mkdir(parents=True, exist_ok=True)
        (own / "refs" / "main").write_text(_COMMIT)
        target = own / "snapshots" / _COMMIT / parts[2]
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(place) as packed, target.open("xb") as unpacked:
            shutil.copyfileobj(packed, unpacked, _AT_ONCE)
        if digest_of(target).hex() != checksum:
            raise ModelNotAvailableError(f"{place!r} in {path} is damaged; copy the file again, or {_WAY_OUT}")
        size += target.stat().st_size
    for own in folder.iterdir():
        _note_missing(own, "config.json")
    return size


def _note_missing(own: Path, name: str) -> None:
    """As the hub's client notes a file that a repository lacks; else transformers would ask the network for it."""
    if not (own / "snapshots" / _COMMIT / name).exists():
        note = own / ".no_exist" / _COMMIT / name
        note.parent.mkdir(parents=True)
        note.touch()


def _make_sure_of_room(archive: zipfile.ZipFile, folder: Path) -> None:
    needed, free = sum(info.file_size for info in archive.infolist()), shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFullError(
            f"the model takes {needed / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free at {folder}; make room there"
        )


def _make_durable(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        durable.sync(path)


@contextlib.contextmanager
def _trouble_of(path: Path) -> Iterator[None]:
    """What reading a ZIP file raises, as a sentence."""
    try:
        path.open("rb").close()
    except OSError as error:
        raise NotAvailableError(
            f"{path} can't be read ({error.strerror}); name a file that `framescout models export` wrote"
        ) from error
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelNotAvailableError(f"{path} is a damaged file ({error}); copy it again, or {_WAY_OUT}") from error


def _written(source: Source) -> str:
    return source.model if source.tag is None else f"{source.model}/{source.tag}"


def _short(model: str) -> str:
    """The short name of a model, where it has one."""
    return next((preset.name for preset in presets().values() if preset.model == model), model)
