"""Runtimes for the text tower, as `framescout serve` has it: processor time a sentence, and how near vectors lie.

    python benchmarks/text_towers.py [--rounds 5]

onnxruntime in float32 against OpenVINO in bfloat16, both on one thread and in turn, one and four sentences at a time.
The vectors are compared by their cosines, and by what the difference does to scores on the model's reference pictures.
Needs a processor with AVX-512 BF16 or AMX.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.record import recorded
from benchmarks.serving import sentences
from framescout.embedding import TextTower, fingerprint, load_text_tower

_SENTENCES = 400
TOGETHER = (1, 4)


def a_sentence(tower: TextTower, texts: list[str], together: int) -> float:
    """Milliseconds of processor time."""
    tower.encode_texts(texts[:together])
    started = time.process_time()
    for start in range(0, len(texts), together):
        tower.encode_texts(texts[start : start + together])
    return (time.process_time() - started) / len(texts) * 1000


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    texts, identity = sentences()[:_SENTENCES], fingerprint("starter")
    with tempfile.TemporaryDirectory() as cache:
        load_text_tower("starter", identity, Path(cache))
        quick = load_text_tower("starter", identity, Path(cache), stays=True)
        (folder,) = Path(cache).glob("towers-*")
        plain = TextTower(folder, stays=True)
        if type(quick.compute) is type(plain.compute):
            print("this processor doesn't multiply bfloat16 natively, or OpenVINO is not installed", file=sys.stderr)
            return 3
        taken = {
            together: [[a_sentence(tower, texts, together) for tower in (plain, quick)] for _ in range(given.rounds)]
            for together in TOGETHER
        }
        one, other = plain.encode_texts(texts), quick.encode_texts(texts)
    print(
        "| sentences at a time | onnxruntime, float32, ms a sentence | OpenVINO, bfloat16 | ratio |\n|---|---|---|---|"
    )
    for together, rounds in taken.items():
        before, now = (statistics.median(own) for own in zip(*rounds, strict=True))
        print(f"| {together} | {before:.2f} | {now:.2f} | {now / before:.2f} |")
    assert plain.reference
    scores = np.abs((one - other) @ plain.reference.pictures.T)
    print(f"\nLeast cosine of the two vectors of {len(texts)} sentences: {(one * other).sum(axis=1).min():.5f}.")
    print(f"A score differs by {scores.mean():.5f} in the mean and by {scores.max():.5f} at most.")
    return 0


if __name__ == "__main__":
    with recorded(__file__):
        sys.exit(main())
