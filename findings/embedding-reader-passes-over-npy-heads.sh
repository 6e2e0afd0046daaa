#!/usr/bin/env bash
# embedding-reader 1.8.1 (what autofaiss and clip-retrieval read with): some .npy files come back as other numbers.
#
# Expected: the numbers that numpy.load gives, for a folder of .npy files of one width, or an error that names the file.
# Seen: of each file's head only the shape is used. An array in column order (numpy.save writes it so when the array was
# transposed, or came so from a library) is read as if it stood in row order. And all files are read with the type of
# the first: float32 or float64 behind float16 or float32 becomes other numbers, some of them NaN. No error, no warning;
# only a narrower type behind a wider one fails.
# Cost to a video search: the index is built from vectors that no picture has. A run on another machine that writes
# float32 where the first wrote float16 spoils all its own parts, and the ids still look right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "embedding-reader==1.8.1" "numpy==2.4.6"
venv/bin/python - <<'PYTHON' 2> progress.log || { tail -n 1 progress.log; exit 1; }
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from embedding_reader import EmbeddingReader

COUNT, WIDTH = 300, 64
random = np.random.default_rng(0)
first, second = (random.standard_normal((COUNT, WIDTH)).astype(np.float16).astype(np.float32) for _ in range(2))
cases = {
    "float32 twice": (first, second),
    "float16 twice": (first.astype(np.float16), second.astype(np.float16)),
    "column order": (first, np.ascontiguousarray(second.T).T),
    "float16, then float32": (first.astype(np.float16), second),
    "float32, then float64": (first, second.astype(np.float64)),
}


def wrong_rows(name, arrays):
    """Rows that differ from what numpy.load gives, and how many of them hold a NaN."""
    folder = Path(name.replace(" ", "-"))
    folder.mkdir()
    for part, array in enumerate(arrays):
        np.save(folder / f"{part}.npy", array)
    true = np.concatenate([np.load(folder / f"{part}.npy").astype(np.float32) for part in range(len(arrays))])
    assert np.array_equal(true, np.concatenate([first, second]))
    reader = EmbeddingReader(embeddings_folder=str(folder), file_format="npy")
    read = np.concatenate([batch for batch, _ in reader(batch_size=COUNT, show_progress=False)])
    assert read.shape == true.shape
    return int((read != true).any(axis=1).sum()), int(np.isnan(read).any(axis=1).sum())


seen = {name: wrong_rows(name, arrays) for name, arrays in cases.items()}
print("version: embedding-reader", version("embedding-reader"))
print(f"expected: the {2 * COUNT} rows that numpy.load gives, for any of these folders of two files")
for name, (wrong, broken) in seen.items():
    print(f"seen: {name}: {wrong} of {2 * COUNT} rows are wrong", f"({broken} with NaN)" if broken else "")
wrong = [wrong for wrong, _ in seen.values()]
sys.exit(0 if wrong[:2] == [0, 0] and min(wrong[2:]) > COUNT * 0.9 else "The behaviour has changed.")
PYTHON
