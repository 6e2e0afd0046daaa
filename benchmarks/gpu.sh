#!/usr/bin/env bash
# What an NVIDIA card gains on each path, and whether its results are the processor's: one command, a row as it is known.
#
#     benchmarks/gpu.sh [--minutes 5] [--vectors 200000] [--rounds 3] [--limit 150] [--rehearse]
#
# Exit status: 0 the results agree; 1 they don't or a step failed, and each is named; 3 there is no card.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
if [[ -z ${PYTHON:-} ]]; then
    make --quiet .venv/installed
    PYTHON=.venv/bin/python
fi
PYTHONPATH="$PWD" exec "$PYTHON" benchmarks/gpu.py "$@"
