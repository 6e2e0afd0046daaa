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

from benchmarks import gpu, gpu_towers
from framescout.embedding import load_embedder
from framescout.embedding.agreement import sample_pixels
from tests.footage import make

ROOT = Path(gpu.__file__).parents[1]


@pytest.mark.skipif(len(gpu.blind()) < 3, reason="this machine has a card")
def test_without_a_card_it_says_so_in_one_sentence() -> None:
    bash = shutil.which("bash") or pytest.skip("there is no bash")
    done = subprocess.run(
        [bash, str(ROOT / "benchmarks" / "gpu.sh")],
        env=os.environ | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == "benchmarks/gpu.sh needs an NVIDIA card; torch and FAISS and libav can use none here\n"


@pytest.mark.slow
def test_both_halves_do_the_same_work(tmp_path: Path, towers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for side in (gpu.PROCESSOR, gpu.CARD):
        shutil.copytree(towers, tmp_path / f"catalog-{side}" / "cache", copy_function=os.link)
    footage = make.numbered(tmp_path, "footage.mp4", seconds=30)
    work = gpu.Work(footage, tmp_path, vectors=4000, rounds=1, pictures=32)
    said = gpu.report(work, 400, [], is_rehearsal=True)
    assert said == []
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9  # two of the head, and of the steps one, four, one and one
    assert {line.count("|") for line in lines} == {5}


@pytest.mark.slow
def test_a_step_that_takes_too_long_or_sees_no_card_keeps_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = gpu.Work(tmp_path / "missing.mp4", tmp_path, vectors=4000, rounds=1, pictures=32)
    said = gpu.report(work, 0.01, ["torch", "libav"], is_rehearsal=True)
    assert said == ["neighbours took longer than 0.01 s"]
    printed = capsys.readouterr().out
    assert "embedding: passed over, since torch can't be used here" in printed
    assert "indexing: passed over, since torch and libav can't be used here" in printed


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


def test_the_small_form_has_the_tower_of_index(towers: Path) -> None:
    import torch

    tower, size, whose = gpu_towers.tower()
    pixels = sample_pixels(size)
    got = gpu_towers.embed(tower, torch.from_numpy(pixels), torch.float32).numpy()
    wanted = load_embedder("starter", cache=towers).encode_pixels(pixels)[:, : got.shape[1]]
    assert whose == "the starter's weights"
    assert ((got * wanted).sum(axis=1) / np.linalg.norm(wanted, axis=1)).min() > gpu.LEAST_COSINE


def test_the_small_form_needs_no_weights_and_few_packages(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "for name in ('open_clip', 'faiss', 'sqlalchemy', 'av', 'onnxruntime', 'transformers'):\n"
        "    sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from benchmarks import gpu_towers\n"
        "gpu_towers.WEIGHTS = Path('missing')\n"
        "import torch\n"
        "tower, size, whose = gpu_towers.tower()\n"
        "pixels = torch.zeros((1, *size[::-1], 3), dtype=torch.uint8)\n"
        "print(whose, tuple(gpu_towers.embed(tower, pixels, torch.bfloat16).shape))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.stdout == "random weights (1, 384)\n", done.stderr
