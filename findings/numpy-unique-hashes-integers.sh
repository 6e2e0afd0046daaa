#!/usr/bin/env bash
# NumPy 2.4.6: numpy.unique of many integers that differ takes ten times as long as sorting them.
#
# Expected: what takes a few milliseconds takes no longer where less is asked for: `unique(ids)` costs at most what
# `unique(ids, return_index=True)` does, which gives the same numbers and their places besides. Until NumPy 2.2 both sorted.
# Seen: without any `return_...` integers go through a hash table of the C++ library since 2.3, and then are sorted after
# all. Where few differ that is quicker. Where most differ, as ids and times do, it is many times slower, and slowest
# against numbers that come in order. Numbers with a fraction are still sorted.
# Cost to a video search: a calendar and a list of 300,000 videos took four times the processor time.
# Way out: sort, and keep what differs from the number before; or ask for `return_index=True`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for version in 2.2.6 2.4.6; do
    python3 -m venv "venv-$version"
    "venv-$version/bin/python" -m pip install --quiet --disable-pip-version-check "numpy==$version"
done
cat > measure.py <<'PYTHON'
import time

import numpy as np

ids = np.arange(300_000) * 101


def milliseconds(do):
    """Of processor time; the least of some tries."""
    taken = []
    for _ in range(7):
        began = time.process_time()
        do()
        taken.append((time.process_time() - began) * 1000)
    return min(taken)


assert (np.unique(ids) == np.unique(ids, return_index=True)[0]).all()
shuffled = np.random.default_rng(1).permutation(ids)
for numbers in (ids, shuffled):
    print(
        f"{milliseconds(lambda: np.unique(numbers)):.1f}",
        f"{milliseconds(lambda: np.unique(numbers, return_index=True)):.1f}",
        end=" ",
    )
print()
PYTHON
read -r old_plain old_more old_shuffled old_shuffled_more < <(venv-2.2.6/bin/python measure.py)
read -r plain more shuffled shuffled_more < <(venv-2.4.6/bin/python measure.py)
echo "version: NumPy 2.4.6, beside 2.2.6"
echo "expected: of 300,000 integers unique(x) takes at most what unique(x, return_index=True) takes"
echo "seen: in order $plain against $more ms of processor time (2.2.6: $old_plain, $old_more);"
echo "      shuffled $shuffled against $shuffled_more ms (2.2.6: $old_shuffled, $old_shuffled_more)"
venv-2.4.6/bin/python -c "
import sys
is_slow = $plain > 5 * $more and $shuffled > 2 * $shuffled_more and $old_plain < 5 * max($old_more, 1)
sys.exit(0 if is_slow else 'The behaviour has changed.')"
