#!/usr/bin/env bash
# FAISS 1.15.1 (faiss-cpu): range_search over inverted lists with fast scan gives back nearly everything.
#
# Expected: range_search() returns the vectors with a distance below the radius, as the index reckons it; it refuses
# where it isn't there ("range search not implemented", as IndexPQFastScan does).
# Seen: IndexIVFPQFastScan, where the radius is smaller than any distance that its rounded tables can give, returns all
# vectors, each with a distance beyond the radius. IndexIVFRaBitQFastScan returns nearly all, hardly one of which is
# within, with wrong, even negative distances; its search() over the same vectors is right, and so is range_search()
# of IndexIVFRaBitQ, which holds the same codes without fast scan.
# Cost to a video search: "all moments like this one" is the whole archive: minutes, memory, and no meaning.
# Related: facebookresearch/faiss pull request 4247 tells of an empty result on another processor for such a radius.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "faiss-cpu==1.15.1" "numpy==2.4.6"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import sys

import faiss
import numpy as np

COUNT, DIMENSIONS, QUERIES, RADIUS = 8_000, 128, 20, 0.2
random = np.random.default_rng(0)
centres = random.standard_normal((64, DIMENSIONS))
rows = centres[random.integers(0, 64, COUNT)] + 0.8 * random.standard_normal((COUNT, DIMENSIONS))
rows = rows.astype(np.float32)
faiss.normalize_L2(rows)
queries = rows[:QUERIES] + 0.3 / np.sqrt(DIMENSIONS) * random.standard_normal((QUERIES, DIMENSIONS))
queries = queries.astype(np.float32)
faiss.normalize_L2(queries)
true = 2 - 2 * queries @ rows.T  # squared lengths between unit vectors
within = int((true < RADIUS).sum())


def ranged(recipe):
    """Rows that came, how many have a distance beyond the radius by the index, and how many are truly within."""
    index = faiss.index_factory(DIMENSIONS, recipe)
    index.train(rows)
    index.add(rows)
    index.nprobe = index.nlist
    limits, distances, ids = index.range_search(queries, RADIUS)
    query = np.repeat(np.arange(QUERIES), np.diff(limits.astype(np.int64)))
    return len(ids), int((distances >= RADIUS).sum()), int((true[query, ids] < RADIUS).sum())


recipes = ("IVF64,Flat", "IVF64,RaBitQ4", "IVF64,PQ16x4fs", "IVF64,RaBitQfs4")
seen = {recipe: ranged(recipe) for recipe in recipes}
print("version: FAISS", faiss.__version__)
print(f"expected: about {within} rows of {COUNT * QUERIES}, all with a distance below {RADIUS}")
for recipe, (came, beyond, truly) in seen.items():
    print(f"seen: {recipe:15} {came} rows, {beyond} of them beyond by their own distance, {truly} truly within")
same = (
    seen["IVF64,Flat"] == (within, 0, within)
    and seen["IVF64,RaBitQ4"][0] < 2 * within
    and all(seen[recipe][0] > COUNT * QUERIES // 2 for recipe in ("IVF64,PQ16x4fs", "IVF64,RaBitQfs4"))
)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
