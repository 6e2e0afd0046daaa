#!/usr/bin/env bash
# OpenVINO 2026.4.1: `import openvino` writes an identifier of the user and a counter into the home folder.
#
# Expected: importing a runtime for inference writes nothing. Its telemetry is known for the model converter's command,
# which asks or can be told no; a program that only reads a model never calls that.
# Seen: the package's __init__ imports its conversion tools, these make a telemetry object without a question
# (`enable_opt_in_dialog=False`), and that one writes ~/intel/openvino_ga_cid (a random identifier that later events
# carry) and ~/intel/stats (how often it was started). Without the package openvino-telemetry, which openvino requires,
# the same import writes nothing and the same model runs.
# Cost to a video search: software that must not talk about its users (footage of courts and cameras) leaves an
# identifier on each machine that embeds, and a read-only or missing home folder is touched at every start.
# Way out: `sys.modules["openvino_telemetry"] = None` before the import, which the package itself provides for.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "openvino==2026.4.1" "openvino-telemetry==2025.2.0" "numpy==2.4.6"
mkdir plain without
run() { # run HOME PROGRAM: without the variables by which it knows a build server
    env -i PATH="$PATH" HOME="$1" venv/bin/python -c "$2"
}
infer='
import numpy as np
import openvino
from openvino import opset13
x = opset13.parameter([1, 2], np.float32)
model = openvino.Model([opset13.add(x, np.ones((1, 2), np.float32)).output(0)], [x])
print(list(openvino.Core().compile_model(model, "CPU")(np.zeros((1, 2), np.float32)).values())[0])
'
run "$work/plain" "$infer"
run "$work/without" "import sys; sys.modules['openvino_telemetry'] = None$infer"
echo "version: OpenVINO 2026.4.1, openvino-telemetry 2025.2.0"
echo "expected: no file in the home folder"
echo "seen, plain import:" $(cd plain && find . -type f | sort)
echo "seen, without the telemetry package:" $(cd without && find . -type f | sort)
[ "$(cd plain && find . -type f | sort | tr '\n' ' ')" = "./intel/openvino_ga_cid ./intel/stats " ] \
    && [ -z "$(find without -type f)" ] || { echo "The behaviour has changed."; exit 1; }
