#!/usr/bin/env bash
# OpenVINO 2026.4.1: an ONNX Resize loses three of its attributes on the way in, without a word.
#
# Expected: what the ONNX operator says (Resize since version 18), as onnxruntime and ONNX's own reference do, or the
# refusal that OpenVINO gives for other attributes that it doesn't have ("Unsupported padding mode: [wrap]").
# Seen: keep_aspect_ratio_policy is passed over, so that the output has another shape; antialias is passed over, so
# that a picture made smaller is sampled at points; exclude_outside is passed over, which changes the borders.
# Cost to a video search: "shorter side to 224, antialiased, then the middle", which CLIP's towers were trained with,
# becomes a squashed picture full of aliasing where preprocessing is part of the graph: embeddings that are near, and
# wrong, and differ from those that another runtime put into the same index.
# Known in part: openvinotoolkit/openvino issue 35893 (antialias, cubic, 2026.1).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "openvino==2026.4.1" "onnxruntime==1.32.0" "onnx==1.23.2" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

picture = np.random.default_rng(0).random((1, 3, 90, 160), dtype=np.float32)


def model(**attributes):
    """A graph of one Resize of the picture's height and width to 56 x 56."""
    node = helper.make_node("Resize", ["picture", "", "", "size"], ["small"], axes=[2, 3], **attributes)
    size = numpy_helper.from_array(np.array([56, 56], np.int64), "size")
    graph = helper.make_graph(
        [node],
        "resize",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, picture.shape)],
        [helper.make_tensor_value_info("small", TensorProto.FLOAT, [1, 3, "height", "width"])],
        [size],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10)
    onnx.checker.check_model(made, full_check=True)
    return made


def answers(made):
    """(onnxruntime, ONNX's reference, OpenVINO) on the same picture, in float32."""
    feed = {"picture": picture}
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    onnx.save(made, "resize.onnx")
    compiled = openvino.Core().compile_model("resize.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return session.run(None, feed)[0], ReferenceEvaluator(made).run(None, feed)[0], compiled(feed)[0]


def differ(one, other):
    return np.inf if one.shape != other.shape else float(np.abs(one - other).max())


cases = {
    "linear, no further attribute": {"mode": "linear"},
    "keep_aspect_ratio_policy": {"mode": "linear", "keep_aspect_ratio_policy": "not_smaller"},
    "antialias, linear": {"mode": "linear", "antialias": 1},
    "antialias, cubic": {"mode": "cubic", "antialias": 1},
    "exclude_outside, cubic": {"mode": "cubic", "exclude_outside": 1},
}
print("version: OpenVINO", openvino.__version__, "onnxruntime", onnxruntime.__version__, "onnx", onnx.__version__)
print("expected: OpenVINO agrees with onnxruntime and the reference to 0.001, or refuses the model")
same = True
for name, attributes in cases.items():
    runtime, reference, vino = answers(model(**attributes))
    by = differ(runtime, vino)
    print(f"seen: {name}: onnxruntime {runtime.shape[2:]}, OpenVINO {vino.shape[2:]}, largest difference {by:.4f}")
    same = same and differ(runtime, reference) < 1e-3 and (by > 0.01) == (len(attributes) > 1)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
