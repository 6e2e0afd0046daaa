"""Puts a model's exported towers together from its weights and what else an export has, without torch.

A model's folder may hold `packed/`: the bytes of the graphs that are no weights, and a recipe that names the tensor for
each gap between them (training/pack_towers.py writes both). What comes out is checked against the recipe's digests.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from framescout.durable import delete_abandoned, put_in_place
from framescout.embedding.agreement import agrees_in_bf16, agrees_in_int8
from framescout.embedding.checksums import write_checksums
from framescout.embedding.eight_bits import ranges_of
from framescout.embedding.reference import Reference
from framescout.embedding.text_tower import CLOSE_IMAGE_GRAPH, IMAGE_GRAPH, Facts
from framescout.errors import DiskFullError, ModelNotAvailableError

PACKED, RECIPE, LITERALS, _WEIGHTS = "packed", "recipe.json", "literals.bin", "open_clip_model.safetensors"

Piece = list[Any]
"""["literal", first byte, count]; ["tensor", name, first row, last + 1, is turned]; ["folded", convolution, batch norm,
epsilon] and ["bias", batch norm, epsilon]: a convolution and the batch norm behind it as one."""


def is_packed(folder: Path | None, identity: str) -> bool:
    """Whether the model in this folder brings its towers, and they are those of the model with this fingerprint."""
    try:
        return folder is not None and bool(_recipe(folder)["facts"]["fingerprint"] == identity)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def unpack(model: Path, folder: Path) -> None:
    """Write the towers of the model in `model` to `folder`, which appears whole or not at all.

    Raises:
        ModelNotAvailableError: the recipe doesn't fit the weights.
        DiskFullError: it doesn't fit.
    """
    recipe, weights = _recipe(model), weights_of(model)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        delete_abandoned(folder.parent, "unfinished-*")
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as temporary:
            unfinished = Path(temporary) / "towers"
            unfinished.mkdir()
            for name in recipe["files"]:
                if name != CLOSE_IMAGE_GRAPH:
                    (unfinished / name).write_bytes(_put_together(model, recipe, name, weights))
            size = tuple(recipe["facts"]["image_size"])
            images = (unfinished / IMAGE_GRAPH).read_bytes()
            is_same = {
                "is_same_in_bf16": agrees_in_bf16(images, size),
                "is_same_in_int8": agrees_in_int8(images, size, ranges_of(model)),
            }
            Facts(**{**recipe["facts"], "image_size": size, **is_same}).write(unfinished)
            reference = Reference.of_folder(model, model / _WEIGHTS, recipe["facts"]["dimensions"])
            if reference:
                reference.write(unfinished)
            write_checksums(unfinished)
            put_in_place(unfinished, folder)
    except OSError as error:
        raise DiskFullError(
            f"the model's towers can't be written to {folder.parent} ({error}); make room there"
        ) from error


def close_image_graph(model: Path) -> bytes:
    """The image tower that looks at parts of each picture too.

    Raises:
        ModelNotAvailableError: the recipe doesn't fit the weights.
    """
    return _put_together(model, _recipe(model), CLOSE_IMAGE_GRAPH, weights_of(model))


def weights_of(model: Path) -> dict[str, np.ndarray]:
    """A model's weights by name, as float32."""
    from safetensors.numpy import load_file

    return {name: tensor.astype(np.float32) for name, tensor in load_file(model / _WEIGHTS).items()}


def tensor_of(piece: Piece, weights: dict[str, np.ndarray]) -> np.ndarray:
    """The tensor of a piece, C-contiguous float32."""
    match piece:
        case ["tensor", name, first, end, is_turned]:
            part = weights[name][first:end]
            return np.ascontiguousarray(part.T if is_turned else part)
        case ["folded", name, norm, epsilon]:
            scale = _scale(norm, epsilon, weights)
            folded: np.ndarray = weights[name] * scale.reshape(-1, *[1] * (weights[name].ndim - 1))
            return folded
        case ["bias", norm, epsilon]:
            shifted: np.ndarray = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * _scale(
                norm, epsilon, weights
            )
            return shifted
    raise ValueError(f"{piece!r} is no piece")


def _scale(norm: str, epsilon: float, weights: dict[str, np.ndarray]) -> np.ndarray:
    scale: np.ndarray = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + np.float32(epsilon))
    return scale


def _put_together(model: Path, recipe: dict[str, Any], name: str, weights: dict[str, np.ndarray]) -> bytes:
    literals = (model / PACKED / LITERALS).read_bytes()
    described = recipe["files"][name]
    whole = b"".join(_bytes_of(described["pieces"], literals, weights))
    if hashlib.blake2b(whole, digest_size=16).hexdigest() != described["digest"]:
        raise ModelNotAvailableError(f"{model / PACKED} is damaged; install framescout again")
    return whole


def _bytes_of(pieces: Iterable[Piece], literals: bytes, weights: dict[str, np.ndarray]) -> Iterable[bytes]:
    for piece in pieces:
        match piece:
            case ["literal", first, count]:
                yield literals[first : first + count]
            case _:
                yield tensor_of(piece, weights).tobytes()


def _recipe(model: Path) -> dict[str, Any]:
    recipe: dict[str, Any] = json.loads((model / PACKED / RECIPE).read_text(encoding="utf-8"))
    return recipe
