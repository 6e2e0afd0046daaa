"""Processes that need the same towers at the same moment, as a cluster's workers do on a new machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from framescout.embedding import fingerprint, load_embedder, load_text_tower
from tests.framescout.embedding.make import TINY_CONVOLUTIONS, make_model

LOAD = """
import sys
from pathlib import Path
from framescout import durable

put_in_place = durable.put_in_place
def told(*given):
    print("puts in place", flush=True)
    put_in_place(*given)
durable.put_in_place = told

what, name, cache = sys.argv[1:]
if name == "starter":
    sys.modules["torch"] = None  # a small install has none
from framescout.embedding import fingerprint, load_embedder, load_text_tower
print("is ready", flush=True)
sys.stdin.readline()
if what == "embedder":
    tower = load_embedder(name, cache=Path(cache))
else:
    tower = load_text_tower(name, fingerprint(name), Path(cache))
assert tower.encode_texts(["a dog"]).shape == (1, tower.dimensions)
"""
PROCESSES = 4


def load_at_once(what: str, name: str, cache: Path) -> list[str]:
    """What processes say that begin together; all of them must get the towers."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", LOAD, what, name, cache],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(PROCESSES)
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "is ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        told = [process.communicate(timeout=240) for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, (_, errors) in zip(processes, told, strict=True):
        assert process.returncode == 0, errors
    return [line for said, _ in told for line in said.splitlines()]


@pytest.mark.parametrize("what", ["embedder", "text tower"])
def test_the_starter_s_towers_are_put_together_by_one_of_them(what: str, tmp_path: Path) -> None:
    assert load_at_once(what, "starter", tmp_path / "cache") == ["puts in place"]
    assert load_at_once(what, "starter", tmp_path / "cache") == []


@pytest.mark.slow
def test_another_model_s_towers_are_exported_by_one_of_them(tmp_path: Path) -> None:
    name = make_model(tmp_path / "tiny", TINY_CONVOLUTIONS)
    assert load_at_once("embedder", name, tmp_path / "cache") == ["puts in place"]


def test_damaged_towers_are_replaced_by_one_of_them(tmp_path: Path) -> None:
    load_at_once("embedder", "starter", tmp_path)
    (graph,) = tmp_path.glob("towers-*/image_tower.onnx")
    whole = graph.read_bytes()
    graph.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    assert load_at_once("embedder", "starter", tmp_path) == ["puts in place"]
    assert graph.read_bytes() == whole


def test_where_no_lock_can_be_had_they_are_made_all_the_same(tmp_path: Path) -> None:
    identity = fingerprint("starter")
    (tmp_path / f".towers-{identity[:16]}.lock").mkdir()
    assert load_embedder("starter", cache=tmp_path).encode_texts(["a dog"]).shape == (1, 385)
    assert load_text_tower("starter", identity, tmp_path).encode_texts(["a dog"]).shape == (1, 385)
