#!/usr/bin/env bash
# FAISS 1.15.1 (faiss-cpu): one dimension more makes a search through quantised vectors many times as slow.
#
# Expected: vectors of 385 numbers take about as long as those of 384; nothing in the class, its constructor or
# `index_factory` speaks of lengths, and every length is taken.
# Seen: the vector instructions are only used where the length is a multiple of 16 (AVX-512) or 8 (AVX2, NEON); for
# other lengths every number is decoded alone. So it is for 8-bit and for float16 codes; float32 (IndexFlatIP) is as fast.
# Cost to a video search: a model whose vectors get one more number (a bias, a norm, a correction for hubs) is searched
# about 10 to 20 times as slowly, and no test notices, since the answers are the same.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "faiss-cpu==1.15.1" "numpy==2.4.6"
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import sys
import time

import faiss
import numpy as np

COUNT, QUESTIONS, ROUNDS = 20_000, 10, 3
faiss.omp_set_num_threads(1)
kinds = {
    "8 bits": faiss.ScalarQuantizer.QT_8bit_direct_signed,
    "float16": faiss.ScalarQuantizer.QT_fp16,
}


def milliseconds(index, rows):
    """Of the processor, for one question; the least of some rounds."""
    index.add(rows)
    index.search(rows[:1], 10)
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for row in rows[:QUESTIONS]:
            index.search(row[None], 10)
        taken.append((time.process_time() - began) / QUESTIONS * 1000)
    return min(taken)


def rows_of(dimensions):
    rows = np.random.default_rng(0).standard_normal((COUNT, dimensions)).astype(np.float32)
    faiss.normalize_L2(rows)
    return np.rint(127 * rows)


print("version: FAISS", faiss.__version__)
print("expected: 385 numbers take about as long as 384")
ratios = []
for name, kind in kinds.items():
    taken = {}
    for dimensions in (384, 385, 400):
        quantised = faiss.IndexScalarQuantizer(dimensions, kind, faiss.METRIC_INNER_PRODUCT)
        quantised.train(rows_of(dimensions))
        taken[dimensions] = milliseconds(quantised, rows_of(dimensions))
    ratios.append(taken[385] / taken[384])
    shown = ", ".join(f"{dimensions}: {each:.2f} ms" for dimensions, each in taken.items())
    print(f"seen: {name}, a question to {COUNT} vectors by their length: {shown}")
plain = {dimensions: milliseconds(faiss.IndexFlatIP(dimensions), rows_of(dimensions)) for dimensions in (384, 385)}
print(f"seen: float32: 384: {plain[384]:.2f} ms, 385: {plain[385]:.2f} ms")
same = min(ratios) > 4 and plain[385] < 2 * plain[384]
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
