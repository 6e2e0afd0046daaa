#!/usr/bin/env bash
# NumPy 2.4.6 (its OpenBLAS) beside OpenVINO 2026.4.1: a product of 0.2 ms between two inferences doubles their cost.
#
# Expected: a small matrix product after each batch costs what it takes by itself, a hundredth of the inference.
# Seen: on two and more processors OpenBLAS shares the product among its threads, and these go on waiting busily for
# the next one. OpenVINO's threads, pinned or not, begin the next inference meanwhile and share the
# processors with them: processor time about doubles, and the clock goes up by a third or more. No profile shows it,
# since the product itself is quick, and each library alone is as fast as it should be.
# Cost to a video search: pictures are embedded by one and their vectors are compared by the other, batch after batch.
# Way out: OPENBLAS_NUM_THREADS=1, or the small products without BLAS (numpy.einsum, numpy.vecdot).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "openvino==2026.4.1" "numpy==2.4.6"
cat > measure.py <<'PYTHON'
import sys
import time

sys.modules["openvino_telemetry"] = None  # its import writes into the home folder
import numpy as np
import openvino
from openvino import opset13 as ops

random = np.random.default_rng(0)


def numbers(*shape):
    return random.standard_normal(shape).astype(np.float32)


pixels = ops.parameter([4, 3, 224, 224], np.float32)
layer, channels = pixels, 3
for wider, stride in ((32, 2), (64, 2), (128, 2), (128, 1), (128, 1), (128, 1)):
    kernel = numbers(wider, channels, 3, 3) / np.float32(np.sqrt(9 * channels))
    layer = ops.relu(ops.convolution(layer, ops.constant(kernel), [stride, stride], [1, 1], [1, 1], [1, 1]))
    channels = wider
model = openvino.Core().compile_model(openvino.Model([layer], [pixels], "convolutions"), "CPU")
request, pictures = model.create_infer_request(), numbers(4, 3, 224, 224)
rows, others = numbers(4, 384), numbers(384, 2000)


def milliseconds(between):
    """Of processor time for an inference and what comes between it and the next; the least of some rounds."""
    taken = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(20):
            request.infer([pictures])
            between()
        taken.append((time.process_time() - began) / 20 * 1000)
    return min(taken)


request.infer([pictures])
alone, beside = milliseconds(lambda: None), milliseconds(lambda: rows @ others)
print(f"{alone:.1f} {beside:.1f}")
PYTHON
if [ "$(nproc)" -lt 2 ]; then
    echo "one processor alone: OpenBLAS has no other thread here"
    exit 1
fi
read -r alone beside < <(env -u OPENBLAS_NUM_THREADS venv/bin/python measure.py)
read -r alone_one beside_one < <(OPENBLAS_NUM_THREADS=1 venv/bin/python measure.py)
echo "version: NumPy 2.4.6, OpenVINO 2026.4.1, $(nproc) processors"
echo "expected: an inference costs nearly the same with a small product behind it"
echo "seen: $alone ms of processor time alone, $beside ms with the product; with one thread of OpenBLAS $alone_one and $beside_one"
venv/bin/python -c "
import sys
many, one = $beside / $alone, $beside_one / $alone_one
sys.exit(0 if many > 1.4 and one < 1.2 else 'The behaviour has changed.')"
