#!/usr/bin/env bash
# FAISS 1.15.1 (faiss-cpu): an id selector given to a wrapping index's own search parameters does nothing.
#
# Expected: `SearchParameters.sel` is documented as "if non-null, only these IDs will be considered during search".
# IndexRefineSearchParameters and SearchParametersPreTransform inherit that field and their constructors take it, so
# that sel=... either filters or is refused, as IndexPQFastScan and IndexRefine refuse parameters of a wrong kind.
# Seen: it is taken and passed over. IndexRefine and IndexPreTransform answer from all ids; what filters is a selector
# inside base_index_params or index_params.
# Cost to a video search: with "only this camera" or "only last night" nearly all answers come from other footage,
# and nothing says so.
# Related: facebookresearch/faiss issues 5504 and 5584 tell of other classes that drop the selector.
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

COUNT, DIMENSIONS, LIMIT = 20_000, 64, 10
FIRST, LAST = 5_000, 6_000  # ids of one camera
random = np.random.default_rng(0)
rows = random.standard_normal((COUNT, DIMENSIONS)).astype(np.float32)
faiss.normalize_L2(rows)
queries = rows[:20].copy()
select = faiss.IDSelectorRange(FIRST, LAST)


def share_allowed(index, parameters):
    """Of the answers, the share whose id lies in the range."""
    _, ids = index.search(queries, LIMIT, params=parameters)
    return float(((ids >= FIRST) & (ids < LAST)).mean())


def trained(recipe):
    index = faiss.index_factory(DIMENSIONS, recipe, faiss.METRIC_INNER_PRODUCT)
    index.train(rows)
    index.add(rows)
    return index


refine, transform = trained("SQ8,RFlat"), trained("PCA32,Flat")
inner = faiss.SearchParameters(sel=select)
outside = {
    "IndexRefine": share_allowed(refine, faiss.IndexRefineSearchParameters(k_factor=10, sel=select)),
    "IndexPreTransform": share_allowed(transform, faiss.SearchParametersPreTransform(sel=select)),
}
inside = {
    "IndexRefine": share_allowed(refine, faiss.IndexRefineSearchParameters(k_factor=10, base_index_params=inner)),
    "IndexPreTransform": share_allowed(transform, faiss.SearchParametersPreTransform(index_params=inner)),
}
print("version: FAISS", faiss.__version__)
print("expected: every answer has an id in the range, or the search is refused")
for name, share in outside.items():
    print(f"seen: {name}, sel in its own parameters: {share:.0%} of the answers are in the range")
    print(f"seen: {name}, sel in the inner parameters: {inside[name]:.0%}")
same = all(share < 0.5 for share in outside.values()) and all(share == 1 for share in inside.values())
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
