"""Exports a model's towers as ONNX with its tokenizer, and checks the export against torch before it is used."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from framescout.durable import delete_abandoned, put_in_place
from framescout.embedding import runtimes, same_padding
from framescout.embedding.agreement import AGREEMENT, agree, agrees_in_bf16, sample_pixels
from framescout.embedding.checksums import write_checksums
from framescout.embedding.free_length import FreeLengthTextTower, traceable
from framescout.embedding.image_tower import OnnxImageTower
from framescout.embedding.loading import LoadedModel, is_convolutional
from framescout.embedding.text_tower import IMAGE_GRAPH, TEXT_GRAPH, TEXT_WEIGHTS, TOKENIZER, Facts, TextTower
from framescout.embedding.torch_towers import UnitImageTower
from framescout.errors import DiskFullError, ModelNotAvailableError

SENTENCES = (
    "a person climbing a fence",
    "",
    "Two men, fighting in a STREET at night!  (grey   security-camera footage)",
    "ein Mann läuft über die Straße - 一个人在奔跑 🚗 café naïve façade Ωmega",
    "don't they'll it's we've I'm you'd 12:30 3.5 x_y #1 &amp; <b> 100% \t\n end",
    "the quick brown fox's 12 friends don't jump over 3.5 lazy dogs & cats; they'll walk_around it " * 8,
)
"""Hard ones: empty, punctuation, other scripts, contractions, too long."""

_THE_SAME = 0.99999
"""Cosine of vectors that differ by rounding alone."""


def export_towers(loaded: LoadedModel, fingerprint: str, folder: Path) -> None:
    """Write `folder`: the text tower, for a convolutional model the image tower too; it appears whole or not at all.

    Raises:
        ModelNotAvailableError: what was written does not agree with torch.
        DiskFullError: it doesn't fit.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        delete_abandoned(folder.parent, "unfinished-*")
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as temporary:
            unfinished = Path(temporary) / "towers"
            unfinished.mkdir()
            graph = image_graph(loaded)
            is_same_in_bf16 = graph is not None and agrees_in_bf16(graph, loaded.image_size)
            _write_text_tower(loaded, fingerprint, unfinished, is_same_in_bf16=is_same_in_bf16)
            if graph:
                (unfinished / IMAGE_GRAPH).write_bytes(graph)
            if loaded.reference:
                loaded.reference.write(unfinished)
            write_checksums(unfinished)
            put_in_place(unfinished, folder)
    except OSError as error:
        raise DiskFullError(
            f"the model's towers can't be written to {folder.parent} ({error}); make room there"
        ) from error


def image_graph(loaded: LoadedModel, *, closely: bool = False) -> bytes | None:
    """The image tower as ONNX, (N, H, W, 3) uint8 -> (N, D) float32 unit rows; None where torch does better."""
    if not is_convolutional(loaded.model.visual):
        return None
    tower, pixels = UnitImageTower(loaded, closely=closely).eval(), sample_pixels(loaded.image_size)
    written = io.BytesIO()
    with same_padding.fixed(tower):
        write_graph(tower, torch.from_numpy(pixels), written, "pixels")
    graph = written.getvalue()
    with torch.inference_mode():
        wanted = tower(torch.from_numpy(pixels)).numpy()
    got = OnnxImageTower(graph, loaded.image_size).encode_pixels(pixels)
    return graph if agree(got, wanted) else None


class _UnitTextTower(nn.Module):  # type: ignore[misc]
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.model.encode_text(ids, normalize=True)
        return vectors


def _write_text_tower(loaded: LoadedModel, fingerprint: str, folder: Path, *, is_same_in_bf16: bool) -> None:
    """Of a free length where the vectors stay the same with it."""
    ids = loaded.tokenizer(list(SENTENCES))
    with torch.inference_mode():
        wanted = _UnitTextTower(loaded.model).eval()(ids).numpy()
    clean, pad_id = _write_tokenizer(loaded.tokenizer, folder / TOKENIZER)
    for is_free in (True, False):
        if not _write_text_graph(loaded, ids, folder, is_free=is_free):
            continue
        Facts(
            fingerprint,
            wanted.shape[1],
            loaded.image_size,
            ids.shape[1],
            is_free,
            pad_id,
            clean,
            is_same_in_bf16,
        ).write(folder)
        written = TextTower(folder)
        if not np.array_equal(written.tokenise(SENTENCES), ids.numpy()):  # the longest fills the context
            raise ModelNotAvailableError(
                "this model's tokenizer has no fast form that agrees with it; use another model"
            )
        got = np.concatenate([written.encode_texts([text]) for text in SENTENCES])
        if agree(got, wanted, _THE_SAME if is_free else AGREEMENT):
            return
    raise ModelNotAvailableError("this model's text tower changes when written as ONNX; use another model")


def _write_text_graph(loaded: LoadedModel, ids: torch.Tensor, folder: Path, *, is_free: bool) -> bool:
    """Whether the model has a graph of this kind."""
    raw = folder / "raw.onnx"
    if is_free:
        try:
            tower = FreeLengthTextTower(loaded.model).eval()
        except TypeError:
            return False
        with traceable(tower):
            write_graph(tower, ids[:2, :9], str(raw), "ids", {1: "l"})
    else:
        write_graph(_UnitTextTower(loaded.model).eval(), ids[:2], str(raw), "ids")
    for name in (TEXT_GRAPH, TEXT_WEIGHTS):
        (folder / name).unlink(missing_ok=True)
    _optimise(raw, folder)
    for path in folder.iterdir():  # the exporter puts what is above 2 GB beside the graph
        if path.name not in (TEXT_GRAPH, TEXT_WEIGHTS, TOKENIZER):
            path.unlink()
    return True


def _optimise(raw: Path, folder: Path) -> None:
    """Once here, not at every search; the weights go to a file of their own, which a search maps into memory."""
    onnxruntime = runtimes.onnxruntime()

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / TEXT_GRAPH)
    options.add_session_config_entry("session.optimized_model_external_initializers_file_name", TEXT_WEIGHTS)
    options.add_session_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", "1024")
    onnxruntime.InferenceSession(str(raw), options, providers=["CPUExecutionProvider"])


def _write_tokenizer(tokenizer: Any, path: Path) -> tuple[str, int]:
    """Write tokenizer.json; return how text is cleaned and the padding id."""
    from open_clip.tokenizer import HFTokenizer, SigLipTokenizer, SimpleTokenizer

    if isinstance(tokenizer, SimpleTokenizer):
        _byte_pairs(tokenizer).save(str(path))
        return tokenizer.clean_fn.__name__.removeprefix("_clean_"), 0
    if not isinstance(tokenizer, HFTokenizer | SigLipTokenizer) or not tokenizer.tokenizer.is_fast:
        raise ModelNotAvailableError("this model's tokenizer has no fast form; use another model")
    fast = tokenizer.tokenizer.backend_tokenizer
    fast.no_truncation()
    fast.no_padding()
    fast.save(str(path))
    cleaned = "canonicalize" if isinstance(tokenizer, SigLipTokenizer) else tokenizer.clean_fn.__name__
    return cleaned.removeprefix("_clean_"), int(tokenizer.tokenizer.pad_token_id or 0)


def _byte_pairs(simple: Any) -> Any:
    """open_clip's own byte pair tokenizer in the form of the `tokenizers` package."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    ranks = sorted(simple.bpe_ranks, key=simple.bpe_ranks.__getitem__)
    tokenizer = Tokenizer(models.BPE(simple.encoder, ranks, end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(simple.pat.pattern), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    names = {token_id: token for token, token_id in simple.encoder.items()}
    tokenizer.add_special_tokens([names[token_id] for token_id in simple.all_special_ids])
    start, end = simple.all_special_ids[:2]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{names[start]} $A {names[end]}", special_tokens=[(names[start], start), (names[end], end)]
    )
    return tokenizer


def write_graph(
    module: nn.Module, example: torch.Tensor, target: Any, name: str, free: dict[int, str] | None = None
) -> None:
    """Write a module as ONNX to a path or a file; `free`: axes of its input besides the first of any length."""
    with _quiet(), torch.no_grad():
        torch.onnx.export(
            module,
            (example,),
            target,
            input_names=[name],
            output_names=["vectors"],
            dynamic_axes={name: {0: "n", **(free or {})}, "vectors": {0: "n"}},
            dynamo=False,
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter talks; a person has nothing to do with it."""
    fast, logged = torch.backends.mha.get_fastpath_enabled(), logging.root.manager.disable
    torch.backends.mha.set_fastpath_enabled(False)  # its fused operator has no ONNX form
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), _muted_stderr():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logged)
        torch.backends.mha.set_fastpath_enabled(fast)


@contextlib.contextmanager
def _muted_stderr() -> Iterator[None]:
    """For what C++ writes past Python."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
