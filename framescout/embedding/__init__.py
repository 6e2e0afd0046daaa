"""One space for pictures and sentences. torch and open_clip stay inside; a search needs neither of them."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framescout.embedding.presets import files, fingerprint, resolve
from framescout.embedding.text_tower import TextTower
from framescout.errors import ModelNotAvailableError

if TYPE_CHECKING:
    from PIL.Image import Image

    from framescout.embedding.image_tower import ImageTower

__all__ = ["Embedder", "TextTower", "fingerprint", "load_embedder", "load_text_tower"]


class Embedder:
    """Both towers of a model."""

    def __init__(self, name: str, identity: str, image_tower: ImageTower, model: Any, tokenizer: Any) -> None:
        self.name = name
        self.fingerprint = identity
        self._images = image_tower
        self._model = model
        self._tokenizer = tokenizer

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self.encode_texts([""]).shape[1])

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) of the model's pictures, in pixels."""
        return self._images.size

    @property
    def good_batch(self) -> int:
        """Pictures that this machine embeds well at once."""
        return self._images.good_batch

    def encode_images(self, images: Sequence[Image]) -> np.ndarray:
        """Embed pictures.

        Args:
            images: N pictures of any size and mode; squashed to the model's square, never cropped.

        Returns:
            (N, D) float32, rows of unit length, in the order given.
        """
        from PIL.Image import Resampling

        width, height = self.image_size
        squashed = [np.asarray(i.convert("RGB").resize((width, height), Resampling.BICUBIC)) for i in images]
        return self.encode_pixels(np.stack(squashed) if squashed else np.empty((0, height, width, 3), np.uint8))

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 RGB, already of `image_size` -> (N, D) float32, rows of unit length."""
        return self._images.encode_pixels(pixels)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32, rows of unit length, in the order given."""
        import torch

        rows = []
        with torch.inference_mode():
            for start in range(0, len(texts), 64):
                ids = self._tokenizer(list(texts[start : start + 64]))
                rows.append(self._model.encode_text(ids.to(self._images.device), normalize=True).float().cpu().numpy())
        return np.concatenate(rows) if rows else np.empty((0, self.dimensions), np.float32)

    def export_text_tower(self, cache: Path) -> None:
        """Write the text tower for searches into `cache`, where it is not there yet."""
        from framescout.embedding.onnx_export import export_text_tower

        folder = _tower_folder(cache, self.fingerprint)
        if not folder.exists():
            export_text_tower(self._model.cpu(), self._tokenizer, self.fingerprint, folder)
            self._model.to(self._images.device)


def load_embedder(name: str, *, fetch: bool = False) -> Embedder:
    """Load a model by the name of a preset, or one of open_clip's names.

    Nothing is downloaded unless `fetch` says so.

    Raises:
        ModelNotAvailableError: there is no such model, or its weights are not on this machine.
    """
    source = resolve(name)
    if not fetch:
        os.environ["HF_HUB_OFFLINE"] = "1"  # read by the hub's client when it is imported
        files(source)
    import open_clip
    import torch

    from framescout.embedding.image_tower import ImageTower

    try:
        model = open_clip.create_model(source.model, source.tag, require_pretrained=True)
        tokenizer = open_clip.get_tokenizer(source.model)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelNotAvailableError(f"the model {name} can't be loaded: {first_line}") from error
    model = model.eval().requires_grad_(False)
    facts = model.visual.preprocess_cfg
    size = model.visual.image_size
    height, width = (size, size) if isinstance(size, int) else size
    tower = ImageTower(model.visual, mean=facts["mean"], std=facts["std"], size=(width, height))
    return Embedder(name, fingerprint(name), tower, model.to(torch.device(tower.device)), tokenizer)


def load_text_tower(name: str, identity: str, cache: Path) -> TextTower:
    """The text tower of the model with this fingerprint, from `cache`; written there first where it is missing.

    Raises:
        ModelNotAvailableError: it is not in the cache, and the model's weights are not here either.
    """
    folder = _tower_folder(cache, identity)
    if folder.exists():
        with contextlib.suppress(Exception):  # a damaged cache, of whatever kind, costs a new export and nothing else
            return TextTower(folder)
    embedder = load_embedder(name)
    if embedder.fingerprint != identity:
        raise ModelNotAvailableError(
            f"the catalog was made with other weights of {name} than this machine has; run framescout index again"
        )
    shutil.rmtree(folder, ignore_errors=True)
    embedder.export_text_tower(cache)
    return TextTower(folder)


def _tower_folder(cache: Path, identity: str) -> Path:
    return cache / f"text-{identity[:16]}"
