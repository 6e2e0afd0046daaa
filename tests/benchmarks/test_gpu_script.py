"""The benchmark for graphics cards, as far as it goes without one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import gpu
from tests.footage import make

ROOT = Path(gpu.__file__).parents[1]


@pytest.mark.skipif(len(gpu.missing()) < 3, reason="this machine has a card")
def test_without_a_card_it_says_so_in_one_sentence() -> None:
    bash = shutil.which("bash") or pytest.skip("there is no bash")
    done = subprocess.run(
        [bash, str(ROOT / "benchmarks" / "gpu.sh")],
        env=os.environ | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == "benchmarks/gpu.sh needs an NVIDIA card; torch and FAISS and libav can use none here\n"


@pytest.mark.slow
def test_both_halves_do_the_same_work(tmp_path: Path, towers: Path) -> None:
    for side in (gpu.PROCESSOR, gpu.CARD):
        shutil.copytree(towers, tmp_path / f"catalog-{side}" / "cache", copy_function=os.link)
    footage = make.numbered(tmp_path, "footage.mp4", seconds=30)
    work = gpu.Work(footage, tmp_path, vectors=4000, rounds=1, pictures=32)
    processor, card = gpu.step(work, gpu.PROCESSOR), gpu.step(work, gpu.CARD)
    assert len(processor["pts"]) >= 2
    assert gpu.differences(processor, card) == []
    lines = gpu.table(processor["seconds"], card["seconds"]).splitlines()
    assert len(lines) == 2 + len(processor["seconds"])
    assert {line.count("|") for line in lines} == {5}


def results() -> dict[str, Any]:
    random = np.random.default_rng(1)
    rows = random.normal(size=(20, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    ids = random.permuted(np.tile(np.arange(1000), (4, 1)), axis=1)[:, : gpu._AT]
    times = np.arange(20) * 2.0
    return {
        "pts": np.arange(20), "keyframes": times, "vectors": rows, "embeddings": rows, "exact": ids, "ids": ids,
        "moments": times[:6].reshape(2, 3),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("pts", lambda a: a + 1, "decoding chose other keyframes"),
        ("keyframes", lambda a: a[:-1], "index chose other keyframes"),
        ("vectors", lambda a: np.roll(a, 1, axis=0), "vectors differ"),
        ("embeddings", lambda a: a[:-1], "embeddings differ"),
        ("exact", lambda a: np.where(np.arange(a.shape[1]) < 2, -1, a), "(exact): recall@100 0.9800, not 0.9900"),
        ("ids", lambda a: np.where(np.arange(a.shape[1]) < 2, -1, a), "(ids): recall@100 0.9800, not 0.9900"),
        ("moments", lambda a: a[:, ::-1], "search finds other moments"),
    ],
)
def test_each_difference_is_named(name: str, change: Any, said: str) -> None:
    processor = results()
    assert gpu.differences(processor, results()) == []
    (sentence,) = gpu.differences(processor, processor | {name: change(processor[name])})
    assert said in sentence
