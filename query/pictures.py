"""Encodes picture files as unit vectors; the files are a person's own and untrusted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from framescout.catalog.records import Model
from framescout.embedding import load_embedder
from framescout.errors import ModelNotAvailableError, NotAvailableError, UsageError

_MOST_PIXELS = 200_000_000


def encode_pictures(model: Model, paths: Sequence[str], cache: Path) -> np.ndarray:
    """(N, D) float32 unit rows.

    Raises:
        NotAvailableError: a file can't be read.
        UsageError: it is no picture, or a far too large one.
        ModelNotAvailableError: the model that made the catalog's vectors isn't here.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    images = []
    for path in paths:
        try:
            with Image.open(path) as image:
                if image.width * image.height > _MOST_PIXELS:
                    raise UsageError(f"--image {path} has {image.width} x {image.height} pixels; make it smaller")
                image.draft("RGB", (1024, 1024))  # JPEG decodes small at once
                images.append(ImageOps.exif_transpose(image).convert("RGB"))
        except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
            raise UsageError(f"--image {path} is no picture that can be read; give a JPEG, PNG or WebP file") from error
        except OSError as error:
            if error.errno is None:  # Pillow's own: the file is cut off
                raise UsageError(f"--image {path} is a damaged picture ({error})") from error
            raise NotAvailableError(f"--image {path} can't be read: {error.strerror}") from error
    embedder = load_embedder(model.name, cache=cache)
    if embedder.fingerprint != model.fingerprint:
        raise ModelNotAvailableError(
            f"the catalog was made with other weights of {model.name} than this machine has; run framescout index again"
        )
    return embedder.encode_images(images)
