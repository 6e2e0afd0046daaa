"""Downloads a model from a hub: asks for its size first, and gives up soon on a hub that doesn't answer.

The files go into the hub's own cache, so that other programs find them too.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Protocol

import msgspec

from framescout.deadline import within
from framescout.embedding.presets import Source, cached, hub_files, resolve
from framescout.errors import DiskFullError, FramescoutError, ModelNotAvailableError

_PATIENCE = 4.0
"""Seconds that a hub has to answer; its own client tries for much longer, and a name server may keep silent as well."""
_FROM_ANOTHER_MACHINE = (
    "look at the network, or bring the model from a machine that has one: `framescout models export {name} model.zip` "
    "there, `framescout models import model.zip` here"
)
TOKENIZER_SUFFIXES = {".json", ".txt", ".model"}
"""Of files that a tokenizer may consist of."""


class FetchProgress(Protocol):
    """Told how a download goes."""

    def began(self, size_bytes: int, hub: str) -> None:
        """So much is to come, from this address."""

    def advanced(self, size_bytes: int) -> None:
        """So much more has come."""


class _Remote(msgspec.Struct, frozen=True):
    """A file of a hub."""

    repository: str
    name: str
    size_bytes: int


def fetch(name: str, progress: FetchProgress | None = None) -> None:
    """Download what a model needs, and try it; a model that is a folder or was imported is only tried.

    Raises:
        ModelNotAvailableError: there is no such model, no hub that answers, or what came is no model.
        DiskFullError: it doesn't fit.
    """
    from framescout.embedding.loading import load

    source = resolve(name)
    if source.folder or source.imported:
        load(source)
        return
    wanted = _wanted(source)
    missing = [file for file in wanted if cached(source, file.repository, file.name) is None]
    size = sum(file.size_bytes for file in missing)
    _make_sure_of_room(source, size)
    if progress:
        progress.began(size, _hub())
    for file in wanted:
        _download(source, file, progress)
    load(source, fetch=True)  # notes what the hub doesn't have, so that it isn't looked for again


def text_config(source: Source) -> dict[str, Any]:
    """What the configuration of a model of a hub says of its text tower.

    Raises:
        ModelNotAvailableError: it is not on this machine, or can't be read.
    """
    try:
        if source.repository:
            path = cached(source, source.repository, "open_clip_config.json")
            given = json.loads(path.read_bytes())["model_cfg"]["text_cfg"] if path else None
        else:
            import open_clip

            given = open_clip.get_model_config(source.model)["text_cfg"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelNotAvailableError(
            f"the configuration of model {source.name} can't be read ({type(error).__name__}); name another model"
        ) from error
    if not isinstance(given, dict):
        raise ModelNotAvailableError(f"the configuration of model {source.name} says nothing of a text tower")
    return given


def _wanted(source: Source) -> list[_Remote]:
    """The configuration, the weights and the tokenizer of a model, with their sizes."""
    repository, needed, weights = hub_files(source)
    there = _ask(source, repository)
    best = next((name for name in weights if name in there and name.endswith(".safetensors")), None)
    if best is None or not set(needed) <= set(there):
        raise ModelNotAvailableError(
            f"{repository} on {_hub()} holds no open_clip model in safetensors, the only weights that are read; "
            "name another model"
        )
    wanted = [_Remote(repository, name, there[name]) for name in (*needed, best)]
    for file in wanted[:-1]:
        _download(source, file, None)
    tokenizer = text_config(source).get("hf_tokenizer_name")
    if tokenizer:
        others = there if tokenizer == repository else _ask(source, tokenizer)
        wanted += [_Remote(tokenizer, name, size) for name, size in others.items() if _is_of_tokenizer(name)]
    return list(dict.fromkeys(wanted))


def _is_of_tokenizer(name: str) -> bool:
    return "/" not in name and Path(name).suffix in TOKENIZER_SUFFIXES


def _ask(source: Source, repository: str) -> dict[str, int]:
    """The files of a repository and their sizes in bytes."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        found = within(_PATIENCE, lambda: HfApi().model_info(repository, files_metadata=True, timeout=_PATIENCE))
    except RepositoryNotFoundError as error:
        raise ModelNotAvailableError(
            f"{_hub()} has no model {repository} that anyone may read; look at the name, or log in with `hf auth login`"
        ) from error
    except Exception as error:
        raise ModelNotAvailableError(
            f"{_hub()} doesn't answer ({_reason(error)}); {_FROM_ANOTHER_MACHINE.format(name=source.name)}"
        ) from error
    return {file.rfilename: file.size or 0 for file in found.siblings or ()}


def _download(source: Source, file: _Remote, progress: FetchProgress | None) -> None:
    from huggingface_hub import hf_hub_download

    try:
        hf_hub_download(file.repository, file.name, endpoint=_hub(), tqdm_class=_counting(progress))
    except FramescoutError:
        raise
    except Exception as error:
        raise ModelNotAvailableError(
            f"the download of {file.name} from {_hub()} broke off ({_reason(error)}); "
            f"run `framescout models fetch {source.name}` again, it goes on where it ended"
        ) from error


def _counting(progress: FetchProgress | None) -> type[Any]:
    """A bar of the hub's client that draws nothing and passes on what came."""
    from huggingface_hub import utils

    silent: Any = utils.tqdm  # type: ignore[attr-defined]

    class Counting(silent):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "disable": True})
            self.update(options.get("initial"))  # what an earlier download brought

        def update(self, n: float | None = 1) -> bool | None:
            if progress and n:
                progress.advanced(int(n))
            return None

    return Counting


def _make_sure_of_room(source: Source, size_bytes: int) -> None:
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE)
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if size_bytes > free:
        raise DiskFullError(
            f"{source.name} takes {size_bytes / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free at {existing}; "
            "make room there, or name another place with HF_HUB_CACHE"
        )


def _reason(error: BaseException) -> str:
    """A few words, whole: what the system or the hub said, not what layers above made of it."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"status {status}"
    deepest: BaseException = error
    while below := deepest.__cause__ or deepest.__context__:
        deepest = below
    if isinstance(deepest, TimeoutError) or type(deepest).__name__.endswith("Timeout"):  # ours, or the client's own
        return f"nothing came within {_PATIENCE:.0f} s"
    said = deepest.strerror if isinstance(deepest, OSError) else None
    return said or type(error).__name__


def _hub() -> str:
    from huggingface_hub import constants

    return str(constants.ENDPOINT)
