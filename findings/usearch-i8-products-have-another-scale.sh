#!/usr/bin/env bash
# usearch 2.26.6: with metric "ip" and 8 bits, distances are of whole numbers up to 127: some -15,000 instead of 0.
#
# Expected: an index of unit vectors gives 1 - cosine as distance for "cos" and for "ip", whichever dtype keeps them:
# f32, f16 and bf16 do, and i8 does with "cos". The dtype says how vectors are kept, not what a distance means.
# Seen: with dtype "i8" and metric "ip" a vector's distance to itself is about -15,300, and others' lie between: the
# vectors were scaled to 127 and the products are never scaled back. The order is right, nothing is said.
# Cost to a video search: the change from f16 to i8 that quarters an index also turns every confidence and threshold
# that is computed from a distance: a border such as "distance below 0.7" lets everything through.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "usearch==2.26.6" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
from usearch.index import Index

rows = np.random.default_rng(0).normal(size=(1000, 64)).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
exact = np.sort(1 - rows @ rows[5])[:3]
print("version: usearch", version("usearch"))
print("expected:", exact.round(3).tolist(), "for all")
nearest = {}
for metric in ("cos", "ip"):
    for dtype in ("f32", "f16", "bf16", "i8"):
        index = Index(ndim=64, metric=metric, dtype=dtype)
        index.add(np.arange(1000), rows)
        nearest[metric, dtype] = index.search(rows[5], 3).distances
        print(f"seen: {metric}, {dtype}: {nearest[metric, dtype].round(3).tolist()}")
odd = nearest.pop(("ip", "i8"))
same = all(np.allclose(each, exact, atol=0.03) for each in nearest.values()) and -127**2 <= odd[0] < -10_000
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
