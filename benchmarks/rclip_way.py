"""rclip on a video: ffmpeg extracts a frame a second, rclip indexes the folder, with the starter's image tower.

rclip takes models of names of its own from a folder. What is put there are the starter's image tower, which has the
size of picture that rclip prepares, its vectors filled up with zeros to rclip's length; and a text tower of random
weights for the one question that it can't do without.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_MODEL = "ViT-B-32-256-datacomp_s34b_b86k"
_DIMENSIONS = 512
_TOKENIZER = "bpe_simple_vocab_16e6.txt.gz"


def put_models(folder: Path) -> None:
    """What RCLIP_DATADIR is to name."""
    import open_clip
    import torch
    from torch import nn

    from framescout.embedding.loading import load
    from framescout.embedding.presets import resolve

    class Images(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.visual = load(resolve("starter")).model.visual

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            vectors = self.visual(pictures)
            return nn.functional.pad(vectors, (0, _DIMENSIONS - vectors.shape[1]))

    class Texts(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(50_000, _DIMENSIONS)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            vectors: torch.Tensor = self.words(ids).mean(dim=1)
            return vectors

    towers = {
        "visual": (Images().eval(), torch.rand(2, 3, 256, 256)),
        "textual": (Texts().eval(), torch.zeros(2, 77, dtype=torch.int64)),
    }
    (folder / _MODEL).mkdir(parents=True)
    (folder / "tokenizer").mkdir()
    for name, (tower, example) in towers.items():
        axes = {"input": {0: "n"}, "output": {0: "n"}}
        path = folder / _MODEL / f"{name}.onnx"
        with torch.no_grad():
            torch.onnx.export(
                tower,
                (example,),
                str(path),
                input_names=["input"],
                output_names=["output"],
                dynamic_axes=axes,
                dynamo=False,
            )
    shutil.copy(Path(open_clip.__file__).with_name(_TOKENIZER), folder / "tokenizer")


def extract(path: str, folder: str) -> int:
    """A JPEG a second, at the video's own size, as good as ffmpeg's documents suggest."""
    from tests.footage.make import ffmpeg

    ffmpeg("-i", path, "-vf", "fps=1", "-qscale:v", "2", Path(folder) / "%06d.jpg")
    return len(list(Path(folder).iterdir()))


def index(pictures: str, models: str) -> int:
    """The whole `rclip` in this process: a new index of the folder, and the question."""
    from rclip.main import main

    for name in ("db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"):
        (Path(models) / name).unlink(missing_ok=True)
    os.environ["RCLIP_DATADIR"] = models
    os.chdir(pictures)
    sys.argv = ["rclip", "--filepath-only", "a person"]
    main()
    return len(list(Path(pictures).glob("*.jpg")))
