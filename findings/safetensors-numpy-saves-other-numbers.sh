#!/usr/bin/env bash
# safetensors 0.8.0: a Fortran-ordered NumPy array is saved with its numbers in another order.
#
# Expected: what load_file() reads equals what save_file() was given, or save_file() refuses, as safetensors.torch does
# for tensors that aren't contiguous. The docstring says "Tensors need to be contiguous and dense"; a Fortran-ordered
# array is both by NumPy's own words (flags.contiguous is for C order, flags.f_contiguous for this), and 0.7.0 and
# older saved it right.
# Seen: shape and dtype are right, the numbers are those of memory read in C order: rows are mixed. No error.
# Cost to a video search: a transposed projection, or the output of PCA in scikit-learn, is Fortran-ordered. Vectors
# saved so have the right shape and, for rows that were of unit length, plausible values; every search over them is
# noise. np.ascontiguousarray() before saving helps.
# Known: safetensors/safetensors issue 825 (open).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for version in 0.7.0 0.8.0; do
    python3 -m venv "venv-$version"
    "venv-$version/bin/python" -m pip install --quiet --disable-pip-version-check \
        "safetensors==$version" "numpy==2.4.6"
done
cat >look.py <<'PYTHON'
import sys

import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file

random = np.random.default_rng(0)
rows = random.standard_normal((1000, 64)).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
arrays = {"in C order": rows, "in Fortran order": np.asfortranarray(rows), "transposed twice": rows.T.copy().T}
print("version: safetensors", safetensors.__version__)
print("expected: every array is read back as it was saved, or is refused")
right = {}
for name, array in arrays.items():
    save_file({"rows": array}, "rows.safetensors")
    back = load_file("rows.safetensors")["rows"]
    right[name] = np.array_equal(back, array)
    nearest = float(np.mean((back @ rows.T).argmax(axis=1) == np.arange(len(rows))))
    print(f"seen: {name}: the same {right[name]}; rows whose nearest original is their own: {nearest:.0%}")
wrong = {name for name, same in right.items() if not same}
sys.exit(0 if wrong == (set(arrays) - {"in C order"} if sys.argv[1] == "wrong" else set()) else "It has changed.")
PYTHON
venv-0.7.0/bin/python look.py right
venv-0.8.0/bin/python look.py wrong
