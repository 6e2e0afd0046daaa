"""A model's text tower written once as ONNX, with its tokeniser, and checked against torch before anyone uses it."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from framescout.embedding.text_tower import FACTS, GRAPH, TOKENIZER, Facts, TextTower
from framescout.errors import ModelNotAvailableError

_AGREEMENT = 0.999  # least cosine of the two towers
_SENTENCES = (
    "a person climbing a fence",
    "",
    "Two men, fighting in a STREET at night!  (grey   security-camera footage)",
    "ein Mann läuft über die Straße - 一个人在奔跑 🚗",
    "the quick brown fox's 12 friends don't jump over 3.5 lazy dogs & cats; they'll walk_around it " * 8,
)


class _Normalised(nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.model.encode_text(ids, normalize=True)
        return vectors


def export_text_tower(model: Any, tokenizer: Any, fingerprint: str, folder: Path) -> None:
    """Write `folder`: graph, tokeniser and facts; it appears whole or not at all.

    Raises:
        ModelNotAvailableError: what was written does not agree with torch.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as temporary:
        half_done = Path(temporary) / "tower"
        half_done.mkdir()
        ids = tokenizer(list(_SENTENCES))
        _write_graph(model, ids, half_done / GRAPH)
        clean, pad_id = _write_tokenizer(tokenizer, half_done / TOKENIZER)
        wanted = _Normalised(model)(ids).detach().numpy()
        Facts(fingerprint, wanted.shape[1], ids.shape[1], pad_id, clean).write(half_done / FACTS)
        _check(half_done, ids.numpy(), wanted)
        for path in half_done.iterdir():
            with path.open("rb") as written:
                os.fsync(written.fileno())
        if folder.exists():
            shutil.rmtree(folder)
        half_done.rename(folder)


def _check(folder: Path, ids: np.ndarray, wanted: np.ndarray) -> None:
    tower = TextTower(folder)
    if not np.array_equal(tower.tokenise(_SENTENCES), ids):
        raise ModelNotAvailableError("this model's tokeniser has no fast form that agrees with it; use another model")
    got = np.concatenate([tower.encode_texts([sentence]) for sentence in _SENTENCES])
    if float((got * wanted).sum(axis=1).min()) < _AGREEMENT:
        raise ModelNotAvailableError("this model's text tower changes when written as ONNX; use another model")


def _write_graph(model: Any, ids: torch.Tensor, path: Path) -> None:
    import onnxruntime

    raw = path.with_suffix(".raw")
    with _quiet(), torch.no_grad():
        torch.onnx.export(
            _Normalised(model).eval(),
            (ids[:2],),
            str(raw),
            input_names=["ids"],
            output_names=["vectors"],
            dynamic_axes={"ids": {0: "n"}, "vectors": {0: "n"}},
            dynamo=False,
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path)  # optimised once here, not at every search
    onnxruntime.InferenceSession(str(raw), options, providers=["CPUExecutionProvider"])
    raw.unlink()


def _write_tokenizer(tokenizer: Any, path: Path) -> tuple[str, int]:
    """Write tokenizer.json; return how text is cleaned and the padding id."""
    import open_clip

    if isinstance(tokenizer, open_clip.tokenizer.HFTokenizer):
        fast = tokenizer.tokenizer.backend_tokenizer
        fast.no_truncation()
        fast.no_padding()
        fast.save(str(path))
        way = getattr(tokenizer.clean_fn, "__name__", "_clean_whitespace").removeprefix("_clean_")
        return way, int(tokenizer.tokenizer.pad_token_id or 0)
    if isinstance(tokenizer, open_clip.tokenizer.SimpleTokenizer):
        _byte_pairs(tokenizer).save(str(path))
        return "lower", 0
    raise ModelNotAvailableError(f"the tokeniser {type(tokenizer).__name__} is not known; use another model")


def _byte_pairs(simple: Any) -> Any:
    """open_clip's own byte pair tokeniser in the form of the `tokenizers` package."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    ranks = sorted(simple.bpe_ranks, key=simple.bpe_ranks.__getitem__)
    tokenizer = Tokenizer(models.BPE(simple.encoder, ranks, end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.NFC()
    words = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(words), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    start, end = simple.all_special_ids[:2]
    names = {token_id: token for token, token_id in simple.encoder.items()}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{names[start]} $A {names[end]}", special_tokens=[(names[start], start), (names[end], end)]
    )
    return tokenizer


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter talks; a person has nothing to do with it."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # its fused operator has no ONNX form
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
