"""Sentences in, unit vectors out, by onnxruntime: a search needs neither torch nor open_clip, and starts in a blink."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import asdict

from framescout.embedding import runtimes
from framescout.embedding.presets import PHRASINGS
from framescout.embedding.reference import ReferenceScores, against_hubs, has_reference

TEXT_GRAPH, TEXT_WEIGHTS, TOKENIZER = "text_tower.onnx", "text_tower.bin", "tokenizer.json"
IMAGE_GRAPH, FACTS = "image_tower.onnx", "towers.json"
CLOSE_IMAGE_GRAPH = "image_tower_closely.onnx"
"""The image tower that looks at parts of each picture, too; not kept."""
PADDING = 1
"""Tokens of padding behind the longest sentence of a free length: a class token's mask, off by one, shows the first."""


class Facts(msgspec.Struct, frozen=True):
    """What is kept beside the graphs of a model."""

    fingerprint: str
    """Of the whole model, as presets.fingerprint says it."""
    dimensions: int
    image_size: tuple[int, int]
    """(width, height) in pixels."""
    context_length: int
    """Tokens of a sentence at most."""
    is_free_length: bool
    """Whether sentences are padded to the longest of them, not to the context length."""
    pad_id: int
    clean: str
    """How text is cleaned before it is cut into tokens: 'whitespace', 'lower' or 'canonicalize'."""
    is_same_in_bf16: bool = False
    """Whether the image tower was found to give nearly the same vectors in bfloat16."""
    is_same_in_int8: bool = False
    """The same in 8 bits; asked only where bfloat16 isn't native."""

    def write(self, folder: Path) -> None:
        """As JSON."""
        (folder / FACTS).write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Facts:
        """Raises OSError, TypeError or ValueError where the file is not what `write` left."""
        given = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return cls(**{**given, "image_size": tuple(given["image_size"])})


class TextTower:
    """A text tower as `onnx_export` left it in a folder."""

    def __init__(self, folder: Path, phrasings: tuple[str, ...] = PHRASINGS, *, stays: bool = False) -> None:
        """`phrasings`: how sentences are best written for it. `stays`: it opens later, and takes less time then.

        Raises OSError, TypeError, ValueError or RuntimeError's kin where the folder is not whole.
        """
        from tokenizers import Tokenizer

        onnxruntime = runtimes.onnxruntime()
        self.phrasings = phrasings
        self._facts = Facts.read(folder)
        self.reference = ReferenceScores.kept(folder) if has_reference(folder) else None
        """What its sentences' scores are compared with, where the model has reference vectors."""
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.enable_truncation(self._facts.context_length)
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # The graph was optimised when it was written, and its weights are mapped, not read: 30 ms instead of 300.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        if stays:
            options.intra_op_num_threads = 1  # threads that share a sentence wait for each other
        else:
            options.add_session_config_entry("session.disable_prepacking", "1")
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(str(folder / TEXT_GRAPH), options, providers=["CPUExecutionProvider"])
        self.compute: Callable[[np.ndarray], np.ndarray] = lambda ids: session.run(None, {"ids": ids})[0]
        """(N, L) int64 token ids -> (N, D) float32 unit rows; another runtime may take its place."""

    @property
    def fingerprint(self) -> str:
        """Of the model that this tower belongs to."""
        return self._facts.fingerprint

    @property
    def dimensions(self) -> int:
        """Length of a vector; with reference vectors one more than the towers give, for hubs."""
        return self._facts.dimensions + (self.reference is not None)

    def tokenise(self, texts: Sequence[str]) -> np.ndarray:
        """(N, L) int64 token ids; L is the context length, or as long as the longest of these sentences needs."""
        facts = self._facts
        encoded = [self._tokenizer.encode(clean_text(text, facts.clean)) for text in texts]
        length = facts.context_length
        if facts.is_free_length:
            length = min(length, max(len(encoding.ids) for encoding in encoded) + PADDING)
        ids = np.full((len(texts), length), facts.pad_id, np.int64)
        for row, encoding in zip(ids, encoded, strict=True):
            row[: len(encoding.ids)] = encoding.ids
        return ids

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32, rows of unit length, in the order given."""
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        vectors = self.compute(self.tokenise(texts))
        return vectors if self.reference is None else against_hubs(vectors)


def clean_text(text: str, way: str) -> str:
    """What open_clip's tokenizers do to a text first: its `_clean_lower` and the like."""
    if not (text.isascii() and text.isprintable()):  # of other text it changes nothing, and its import takes 0.1 s
        import ftfy

        text = ftfy.fix_text(text)
    if "&" in text:
        import html  # its table of names takes longer than to encode a sentence

        text = html.unescape(html.unescape(text))
    if way == "canonicalize":
        text = text.replace("_", " ").translate(str.maketrans("", "", string.punctuation))
    text = " ".join(text.split())
    return text if way == "whitespace" else text.lower()
