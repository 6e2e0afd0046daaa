#!/usr/bin/env bash
# lance-ray 0.5.0 with pylance 14.0.2: create_index takes ivf_centroids, and trains others.
#
# Expected: the documentation of lance_ray.create_index says "ivf_centroids: Pre-computed IVF centroids (optional)". Lance's own
# create_index uses the ones it is given, so lance-ray's does as well, and saves the training.
# Seen: the index has other centres. They were trained on the driver, where the given ones are read by nobody, without a warning.
# Cost to a video search: an index whose centres were learned elsewhere (spherically, on a card, or once for many datasets
# that are to be comparable) is another one when a cluster builds it, and the build takes as long as if none were given.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "lance-ray==0.5.0" "pylance==14.0.2" "ray[data]==2.60.0" "numpy==2.4.6"
export RAY_AUTH_MODE=disabled RAY_USAGE_STATS_ENABLED=0 LANCE_LOG=error
venv/bin/python -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import lance
import lance_ray
import numpy as np
import pyarrow as pa
import ray

D, CENTRES = 16, 8
rows = np.random.default_rng(0).normal(size=(4000, D)).astype(np.float32)
given = 3 * np.eye(D, dtype=np.float32)[:CENTRES]


def column(values):
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), D)


def has_the_given():
    centres = lance.dataset("set.lance").get_ivf_model("v_idx").centroids
    return np.allclose(np.asarray(centres.flatten()).reshape(-1, D), given)


ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
lance.write_dataset(pa.table({"v": column(rows)}), "set.lance")
wanted = {"metric": "l2", "num_partitions": CENTRES, "ivf_centroids": column(given)}
lance.dataset("set.lance").create_index("v", "IVF_SQ", **wanted)
alone = has_the_given()
lance_ray.create_index("set.lance", "v", "IVF_SQ", num_workers=1, **wanted)
on_ray = has_the_given()
print("version: lance-ray", version("lance-ray"), "pylance", version("pylance"), "Ray", ray.__version__)
print("expected: the index has the centres that were given, from Lance and from lance-ray")
print(f"seen: from Lance: {alone}, from lance-ray: {on_ray}")
sys.exit(0 if alone and not on_ray else "The behaviour has changed.")
PYTHON
