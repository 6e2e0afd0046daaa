"""Packs the starter's exported towers for installs without torch: what its weights don't hold already, and a recipe.

    .venv/bin/python -m training.pack_towers

Exports the towers with torch, finds each of their tensors in the weights (as it is, a part of one, turned, or a
convolution with its batch norm folded in), and writes framescout/models/starter/packed/. `framescout.embedding.packed`
puts the towers together again from both.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx

from framescout.embedding.loading import load
from framescout.embedding.onnx_export import export_towers, image_graph
from framescout.embedding.packed import LITERALS, RECIPE, Piece, tensor_of, weights_of
from framescout.embedding.presets import fingerprint, resolve
from framescout.embedding.text_tower import CLOSE_IMAGE_GRAPH, FACTS, IMAGE_GRAPH, TEXT_GRAPH, TEXT_WEIGHTS, TOKENIZER

_LEAST = 1024  # bytes of a tensor below which it is kept as it is
_EPSILON = 1e-3  # of the starter's batch norms


def main() -> None:
    """Pack the starter."""
    source = resolve("starter")
    assert source.folder
    target = source.folder / "packed"
    target.mkdir(exist_ok=True)
    weights = weights_of(source.folder)
    loaded = load(source)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "towers"
        export_towers(loaded, fingerprint("starter"), folder)
        close = image_graph(loaded, closely=True)
        assert close
        (folder / CLOSE_IMAGE_GRAPH).write_bytes(close)
        literals, files = bytearray(), {}
        for name in (TEXT_GRAPH, TEXT_WEIGHTS, IMAGE_GRAPH, CLOSE_IMAGE_GRAPH, TOKENIZER):
            pieces, whole = _pieces(folder, name, weights, literals)
            files[name] = {"digest": hashlib.blake2b(whole, digest_size=16).hexdigest(), "pieces": pieces}
        facts = {**json.loads((folder / FACTS).read_text()), "is_same_in_bf16": False}
    (target / LITERALS).write_bytes(literals)
    (target / RECIPE).write_text(json.dumps({"facts": facts, "files": files}, separators=(",", ":")) + "\n")


def _pieces(folder: Path, name: str, weights: dict[str, np.ndarray], literals: bytearray) -> tuple[list[Piece], bytes]:
    """A file as pieces, and what comes out when they are put together."""
    content, at = (folder / name).read_bytes(), 0
    pieces: list[Piece] = []
    whole = bytearray()

    def keep(until: int) -> None:
        if until > at:
            pieces.append(["literal", len(literals), until - at])
            literals.extend(content[at:until])
            whole.extend(content[at:until])

    for place, tensor in sorted(_tensors(folder, name, content), key=lambda each: each[0]):
        piece = _found(tensor, weights)
        if piece is None:
            continue
        keep(place)
        pieces.append(piece)
        whole.extend(tensor_of(piece, weights).tobytes())
        at = place + tensor.nbytes
    keep(len(content))
    assert len(whole) == len(content)
    return pieces, bytes(whole)


def _tensors(folder: Path, name: str, content: bytes) -> Iterator[tuple[int, np.ndarray]]:
    """The tensors of a file, each with the byte where it begins."""
    if name == TOKENIZER:
        return
    graph = onnx.load(folder / (TEXT_GRAPH if name == TEXT_WEIGHTS else name)).graph
    known = onnx.load(folder / TEXT_GRAPH, load_external_data=False).graph.initializer if name == TEXT_WEIGHTS else ()
    outside = {each.name: {e.key: e.value for e in each.external_data} for each in known}
    for each in graph.initializer:
        tensor = onnx.numpy_helper.to_array(each)
        if name == TEXT_WEIGHTS:
            if "offset" in outside[each.name]:
                yield int(outside[each.name]["offset"]), tensor
        elif tensor.nbytes >= _LEAST and name != TEXT_GRAPH:
            place = content.find(tensor.tobytes())
            assert place >= 0, each.name
            assert content.find(tensor.tobytes(), place + 1) < 0, each.name
            yield place, tensor


def _found(tensor: np.ndarray, weights: dict[str, np.ndarray]) -> Piece | None:
    """How a tensor comes from the weights; None where it doesn't."""
    if tensor.dtype != np.float32 or tensor.nbytes < _LEAST:
        return None
    for piece, is_folded in _candidates(tensor, weights):
        made = tensor_of(piece, weights)
        if made.shape == tensor.shape or made.size == tensor.size:
            flat = made.ravel(), tensor.ravel()
            if np.array_equal(*flat) or (is_folded and np.allclose(*flat, rtol=1e-5, atol=1e-6)):
                return piece
    return None


def _candidates(tensor: np.ndarray, weights: dict[str, np.ndarray]) -> Iterator[tuple[Piece, bool]]:
    for name, weight in weights.items():
        if weight.size == tensor.size:
            yield ["tensor", name, 0, len(weight), False], False
            yield ["tensor", name, 0, len(weight), True], False
        elif weight.ndim and len(weight) and weight.size % tensor.size == 0:
            rows = len(weight) * tensor.size // weight.size
            for first in range(0, len(weight) - rows + 1, max(1, math.gcd(rows, len(weight)))):
                yield ["tensor", name, first, first + rows, False], False
                yield ["tensor", name, first, first + rows, True], False
    norms = [name.removesuffix(".running_mean") for name in weights if name.endswith(".running_mean")]
    for norm in norms:
        count = len(weights[f"{norm}.running_mean"])
        if tensor.ndim == 1 and len(tensor) == count:
            yield ["bias", norm, _EPSILON], True
        for name, weight in weights.items():
            if tensor.ndim == 4 and weight.shape == tensor.shape and len(weight) == count:
                yield ["folded", name, norm, _EPSILON], True


if __name__ == "__main__":
    main()
