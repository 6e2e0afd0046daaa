"""Opens a model's towers as they lie in a cache, and makes them there first where they are missing or damaged."""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from framescout.embedding.agreement import agree, agrees_in_bf16
from framescout.embedding.checksums import are_unchanged, looks_unchanged
from framescout.embedding.eight_bits import Ranges, ranges_of
from framescout.embedding.embedder import Embedder
from framescout.embedding.look import Look
from framescout.embedding.packed import close_image_graph, is_packed, unpack
from framescout.embedding.presets import PHRASINGS, fingerprint, phrasings_of, resolve
from framescout.embedding.reference import KEPT_SCORES, KEPT_SENTENCES, has_reference, kept_sentences
from framescout.embedding.text_tower import IMAGE_GRAPH, TEXT_GRAPH, Facts, TextTower
from framescout.errors import ModelNotAvailableError
from framescout.packages import is_installed, way_out
from framescout.processors import multiplies_bf16, multiplies_int8
from framescout.resources import bundled

if TYPE_CHECKING:
    from framescout.embedding.image_tower import ImageTower
    from framescout.embedding.loading import LoadedModel
    from framescout.embedding.torch_towers import TorchTextTower

T = TypeVar("T")


def load_embedder(name: str, *, cache: Path | None = None, closely: bool = False) -> Embedder:
    """Load a model by its short name or by one of open_clip's names; nothing is downloaded.

    Args:
        name: as in `framescout models`, or 'ViT-B-32/laion2b_s34b_b79k', 'hf-hub:org/name', 'local-dir:/path'.
        cache: where its towers lie in ONNX form; written there where they are missing. With them a search needs no
            torch, and most models of convolutions need none to embed pictures either.
        closely: look at parts of each picture in passes of their own, where the model's folder says how. The vectors
            compare with the others; such a tower is made anew each time.

    Raises:
        ModelNotAvailableError: there is no such model, or its weights are not on this machine.
    """
    identity = fingerprint(name)
    folder = _towers(cache, identity) if cache else None
    closely = closely and Look.of_folder(resolve(name).folder).crops > 0
    packed = _packed(name, identity)
    if folder and (packed or not closely) and not _has_gpu() and (packed or (folder / IMAGE_GRAPH).is_file()):
        opened = partial(_open_towers, name, identity, folder, packed if closely else None)
        if embedder := _opened_or_made(folder, opened, partial(_remake_towers, packed, folder, opened)):
            return embedder
    return _load_with_torch(name, identity, folder, closely=closely)


def _remake_towers(packed: Path | None, folder: Path, opened: Callable[[], Embedder | None]) -> Embedder | None:
    """In place of damaged or missing ones; None where only torch makes them."""
    shutil.rmtree(folder, ignore_errors=True)
    if not packed:
        return None
    unpack(packed, folder)
    return opened()


def _opened_or_made(folder: Path, opened: Callable[[], T | None], made: Callable[[], T]) -> T:
    """What lies in a folder of towers, or what is made there because nothing sound does.

    One process makes it while the others wait; else each would delete what the one before has just made.

    Raises:
        Whatever `opened` and `made` raise.
    """
    with contextlib.suppress(Exception):  # another process may be replacing it; what is wrong in itself is raised below
        if found := opened():
            return found
    from filelock import FileLock  # a search needs none, and waits 0.03 s for it

    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # where nothing can be written `made` says so, or needs to write nothing
            folder.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(folder.with_name(f".{folder.name}.lock")))
        return opened() or made()


def has_towers(name: str, cache: Path) -> bool:
    """Whether the model's towers lie in `cache`, so that loading it takes no export."""
    return looks_unchanged(_towers(cache, fingerprint(name)))


def load_text_tower(name: str, identity: str, cache: Path, *, stays: bool = False) -> TextTower:
    """The text tower of the model with this fingerprint, from `cache`; written there first where it is missing.

    `stays`: it is asked again and again, so that it may take its time to open.

    Raises:
        ModelNotAvailableError: it is not in the cache, and the model's weights are not here either.
    """
    folder = _towers(cache, identity)
    opened = partial(_open_text_tower, folder, identity, phrasings_of(name), stays=stays)
    tower = _opened_or_made(folder, opened, partial(_make_text_tower, name, identity, folder, stays=stays))
    if stays:
        _compute_in_bf16(tower, folder)
    return tower


def _make_text_tower(name: str, identity: str, folder: Path, *, stays: bool) -> TextTower:
    if fingerprint(name) != identity:
        raise ModelNotAvailableError(
            f"the catalog was made with other weights of {name} than this machine has; run framescout index again"
        )
    packed = _packed(name, identity)
    if packed:
        unpack(packed, folder)
        return TextTower(folder, phrasings_of(name), stays=stays)
    _refuse_without_torch(name)
    from framescout.embedding.loading import load

    return _export_text_tower(load(resolve(name)), name, identity, folder, stays=stays)


def _export_text_tower(
    loaded: LoadedModel, name: str, identity: str, folder: Path, *, stays: bool = False
) -> TextTower:
    from framescout.embedding.onnx_export import export_towers

    export_towers(loaded, identity, folder)
    return TextTower(folder, phrasings_of(name), stays=stays)


def _packed(name: str, identity: str) -> Path | None:
    """The folder of a model that ships with framescout and brings its towers; other folders are not trusted so far."""
    folder = resolve(name).folder
    return folder if folder and folder.parent == bundled("models") and is_packed(folder, identity) else None


def _open_towers(name: str, identity: str, folder: Path, closely: Path | None) -> Embedder | None:
    """Both towers as they lie in the folder; None where they are damaged.

    `closely`: the folder of the model, whose packed image tower for a close look is taken in place of the usual one.
    """
    texts = _open_text_tower(folder, identity, phrasings_of(name))
    if not texts or not are_unchanged(folder, [IMAGE_GRAPH, *([KEPT_SENTENCES] if texts.reference else [])]):
        return None
    facts = Facts.read(folder)
    graph: Path | bytes = folder / IMAGE_GRAPH
    is_same = facts.is_same_in_bf16
    ranges = ranges_of(resolve(name).folder) if facts.is_same_in_int8 else None
    if closely:
        graph = close_image_graph(closely)
        is_same, ranges = agrees_in_bf16(graph, facts.image_size), None
    images = _open_image_tower(graph, facts.image_size, is_same_in_bf16=is_same, ranges=ranges)
    return Embedder(name, identity, images, texts, kept_sentences(folder) if texts.reference else None)


def _refuse_without_torch(name: str) -> None:
    for module in ("torch", "open_clip"):
        if not is_installed(module):
            raise ModelNotAvailableError(f"the model {name} has to be made ready first, and {way_out(module)}")


def _load_with_torch(name: str, identity: str, folder: Path | None, *, closely: bool) -> Embedder:
    _refuse_without_torch(name)
    from framescout.embedding.loading import load
    from framescout.embedding.machine import machine
    from framescout.embedding.torch_towers import TorchImageTower, TorchTextTower

    loaded = load(resolve(name))
    texts: TextTower | TorchTextTower
    if folder:
        opened = partial(_open_text_tower, folder, identity, phrasings_of(name))
        texts = _opened_or_made(folder, opened, partial(_export_text_tower, loaded, name, identity, folder))
    else:
        texts = TorchTextTower(loaded)
    images = _exported_image_tower(loaded, folder, closely=closely) if machine().gpu is None else None
    sentences = loaded.reference.sentences if loaded.reference else None
    images = images or TorchImageTower(loaded, closely=closely)
    return Embedder(name, identity, images, texts, sentences)


def _exported_image_tower(loaded: LoadedModel, folder: Path | None, *, closely: bool) -> ImageTower | None:
    """From the folder, or exported to memory where there is none; None where torch does better."""
    from framescout.embedding.onnx_export import image_graph

    size = loaded.image_size
    if folder and not closely:
        path = folder / IMAGE_GRAPH
        is_same = Facts.read(folder).is_same_in_bf16
        return _open_image_tower(path, size, is_same_in_bf16=is_same) if path.is_file() else None
    graph = image_graph(loaded, closely=closely)
    return _open_image_tower(graph, size, is_same_in_bf16=agrees_in_bf16(graph, size)) if graph else None


def _open_image_tower(
    graph: Path | bytes, size: tuple[int, int], *, is_same_in_bf16: bool, ranges: Ranges | None = None
) -> ImageTower:
    """By the runtime that is fastest on this processor; `ranges`: in 8 bits the tower gives nearly the same vectors."""
    in_bf16 = is_same_in_bf16 and multiplies_bf16()
    if (in_bf16 or (ranges and multiplies_int8())) and is_installed("openvino"):
        from framescout.embedding.openvino_tower import OpenVinoImageTower

        return OpenVinoImageTower(graph, size, None if in_bf16 else ranges)
    from framescout.embedding.image_tower import OnnxImageTower

    return OnnxImageTower(graph, size)


def _open_text_tower(
    folder: Path, identity: str, phrasings: tuple[str, ...] = PHRASINGS, *, stays: bool = False
) -> TextTower | None:
    if not looks_unchanged(folder) or (has_reference(folder) and not are_unchanged(folder, [KEPT_SCORES])):
        return None
    try:
        tower = TextTower(folder, phrasings, stays=stays)
    except Exception:  # a damaged cache, of whatever kind, costs a new export and nothing else
        return None
    return tower if tower.fingerprint == identity else None


def _compute_in_bf16(tower: TextTower, folder: Path) -> None:
    """Where the processor multiplies it natively, and sentences keep nearly the same vectors."""
    if not multiplies_bf16() or not is_installed("openvino"):
        return
    from framescout.embedding.background import STRANGERS
    from framescout.embedding.openvino_tower import OpenVinoTextGraph

    with contextlib.suppress(RuntimeError):  # OpenVINO can't read it; onnxruntime can
        quick, ids = OpenVinoTextGraph(folder / TEXT_GRAPH), tower.tokenise(STRANGERS)
        if agree(quick(ids), tower.compute(ids)):
            tower.compute = quick


def _towers(cache: Path, identity: str) -> Path:
    return cache / f"towers-{identity[:16]}"


def _has_gpu() -> bool:
    """Whether CUDA's driver sees a GPU; asked of the driver, because importing torch to ask takes seconds."""
    try:
        cuda = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
