"""Sentences in, unit vectors out, by onnxruntime: a search needs neither torch nor open_clip, and starts in a blink."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

GRAPH, TOKENIZER, FACTS = "text_tower.onnx", "tokenizer.json", "text_tower.json"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept beside the graph."""

    fingerprint: str
    """Of the whole model, as presets.fingerprint says it."""
    dimensions: int
    context_length: int
    pad_id: int
    clean: str
    """How text is cleaned before it is cut into tokens: 'whitespace', 'lower' or 'canonicalize'."""

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), indent=2))


class TextTower:
    """A text tower as `onnx_export` left it in a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError, ValueError or onnxruntime's own errors where the folder is not whole."""
        import onnxruntime
        from tokenizers import Tokenizer

        self._facts = Facts(**json.loads((folder / FACTS).read_text()))
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.enable_truncation(self._facts.context_length)
        self._tokenizer.enable_padding(length=self._facts.context_length, pad_id=self._facts.pad_id)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # done at export
        self._session = onnxruntime.InferenceSession(str(folder / GRAPH), options, providers=["CPUExecutionProvider"])

    @property
    def fingerprint(self) -> str:
        """Of the model that this tower belongs to."""
        return self._facts.fingerprint

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._facts.dimensions

    def tokenise(self, texts: Sequence[str]) -> np.ndarray:
        """(N, context length) int64 token ids."""
        cleaned = [clean_text(text, self._facts.clean) for text in texts]
        return np.array([encoding.ids for encoding in self._tokenizer.encode_batch(cleaned)], dtype=np.int64)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32, rows of unit length, in the order given."""
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        vectors: Any = self._session.run(None, {"ids": self.tokenise(texts)})[0]
        unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def clean_text(text: str, way: str) -> str:
    """What open_clip's tokenisers do to a text first."""
    if way == "canonicalize":
        text = text.replace("_", " ").translate(str.maketrans("", "", string.punctuation))
    if way in ("canonicalize", "lower"):
        text = text.lower()
    return re.sub(r"\s+", " ", text).strip()
