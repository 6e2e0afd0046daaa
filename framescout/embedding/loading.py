"""Loads a model with open_clip: both towers, tokenizer and picture facts. Nothing else imports open_clip.

Model files are untrusted: weights are safetensors, never pickles, and a folder that brings code is refused.
"""

from __future__ import annotations

import contextlib
import json
import logging
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from framescout.embedding.look import LOOK, WHOLE, Look
from framescout.embedding.presets import Source, files
from framescout.embedding.reference import Reference
from framescout.errors import ModelNotAvailableError, first_line

_log = logging.getLogger("framescout")
_WEIGHTS = "open_clip_model.safetensors"
_TOKENIZER_KEYS = {"clean", "strip_sep_token", "language", "reduction_mask", "additional_special_tokens"}
"""What a configuration may say of its tokenizer; other keys reach transformers, and some of those run code."""


class LoadedModel(msgspec.Struct, frozen=True):
    """A model as open_clip gives it, on the CPU, in float32."""

    model: Any
    """An open_clip model: encode_text(ids), visual(pictures)."""
    tokenizer: Any
    """Texts -> (N, context length) int64 tensor."""
    image_size: tuple[int, int]
    """(width, height) in pixels."""
    mean: tuple[float, float, float]
    """Of RGB in [0, 1]."""
    std: tuple[float, float, float]
    look: Look = WHOLE
    """How pictures are looked at, as the model's folder says it."""
    reference: Reference | None = None
    """What the model's folder brings; without it pictures and sentences are compared by their cosine alone."""


def load(source: Source, *, fetch: bool = False) -> LoadedModel:
    """Load a model; nothing is downloaded unless `fetch` says so.

    Raises:
        ModelNotAvailableError: its files are not on this machine, or are no model that open_clip can load.
    """
    if source.folder or not fetch:
        files(source)
    look = Look.of_folder(source.folder)
    for folder in filter(None, (source.folder, source.imported)):
        _refuse_code(source, folder)
    try:
        with contextlib.nullcontext() if fetch else _offline(), _hushed(), _without_pickles():
            import open_clip

            model = open_clip.create_model(
                source.model,
                source.tag,
                force_quick_gelu=source.force_quick_gelu,
                require_pretrained=True,
                weights_only=True,
                cache_dir=source.imported,
            )
            tokenizer = open_clip.get_tokenizer(source.model, cache_dir=source.imported)
    except Exception as error:  # whatever a damaged or hostile file makes open_clip, timm or transformers raise
        way_out = "look at the network and try again" if fetch else f"run `framescout models fetch {source.name}`"
        if source.folder:
            way_out = f"put whole files into {source.folder}"
        elif source.imported:
            way_out = "export it again on the other machine, and import that"
        raise ModelNotAvailableError(
            f"the model {source.name} can't be loaded ({_reason(error)}); {way_out}, or name another model"
        ) from error
    if look.windows and not _has_map(model.visual):
        raise ModelNotAvailableError(
            f"{LOOK} of the model {source.name} asks for windows, and its image tower is none of timm's with "
            "convolutions; delete that file"
        )
    facts, size = model.visual.preprocess_cfg, model.visual.image_size
    height, width = (size, size) if isinstance(size, int) else size
    mean, std, reference = tuple(facts["mean"]), tuple(facts["std"]), _reference(source)
    return LoadedModel(model.eval().requires_grad_(False), tokenizer, (width, height), mean, std, look, reference)


def _has_map(visual: Any) -> bool:
    """Whether windows of the tower's last map can be pooled as the whole of it is."""
    trunk = getattr(visual, "trunk", None)
    return trunk is not None and hasattr(trunk, "forward_head") and is_convolutional(visual)


def is_convolutional(visual: Any) -> bool:
    """Whether the tower has batch norms: then onnxruntime is faster on a CPU, and bf16 loses too much."""
    from torch.nn import BatchNorm2d

    return any(isinstance(module, BatchNorm2d) for module in visual.modules())


def _reference(source: Source) -> Reference | None:
    """What a local model brings; reference vectors that are not its own are said and left out."""
    if source.folder is None:
        return None
    weights = next((path for path in files(source) if path.name == _WEIGHTS), None)
    try:
        return Reference.of_folder(source.folder, weights, _dimensions(source.folder)) if weights else None
    except ModelNotAvailableError as error:
        _log.error("%s; the model is used without them", error)
        return None


def _dimensions(folder: Path) -> int:
    """Length of the vectors of a local model that open_clip could load."""
    return int(json.loads((folder / "open_clip_config.json").read_bytes())["model_cfg"]["embed_dim"])


def _refuse_code(source: Source, folder: Path) -> None:
    for path in folder.glob("*/snapshots/*/*.json" if source.imported else "*.json"):
        try:
            given = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ModelNotAvailableError(
                f"{path} of the model {source.name} can't be read ({_reason(error)}); put a whole file there"
            ) from error
        if isinstance(given, dict) and ("auto_map" in given or not _is_plain(given)):
            raise ModelNotAvailableError(
                f"{path} asks for code to be run, which a model has no need of; name another model"
            )


def _is_plain(given: dict[str, Any]) -> bool:
    try:
        asked = given["model_cfg"]["text_cfg"].get("tokenizer_kwargs") or {}
    except (KeyError, TypeError, AttributeError):
        return True
    return isinstance(asked, dict) and set(asked) <= _TOKENIZER_KEYS


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextlib.contextmanager
def _without_pickles() -> Iterator[None]:
    """Within, torch reads no pickle: even torch's own careful reader of them has run code. safetensors is read."""
    import torch

    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("its weights are a pickle, which can run code; only safetensors are read")

    before = torch.load
    torch.load = refuse
    try:
        yield
    finally:
        torch.load = before


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """open_clip speaks through the root logger, which sets up logging for the whole program."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _reason(error: Exception) -> str:
    return textwrap.shorten(first_line(error), 300, placeholder=" ...")
