"""What a fetch says beforehand and on the way, and what it says where no hub answers."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from framescout.embedding.fetching import fetch
from framescout.errors import ModelNotAvailableError
from tests.conftest import Program
from tests.framescout.embedding.hub import make_files, serve
from tests.framescout.embedding.make import TINY_CONVOLUTIONS

REPOSITORY = "someone/tiny"
NAME = f"hf-hub:{REPOSITORY}"


class Told:
    def __init__(self) -> None:
        self.began_with: list[tuple[int, str]] = []
        self.done = 0

    def began(self, size_bytes: int, hub: str) -> None:
        assert not self.done
        self.began_with.append((size_bytes, hub))

    def advanced(self, size_bytes: int) -> None:
        self.done += size_bytes


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return make_files(tmp_path_factory.mktemp("hub") / "tiny", REPOSITORY, TINY_CONVOLUTIONS)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def ask_of(monkeypatch: pytest.MonkeyPatch, hub: str) -> None:
    """Let the hub's client in this process ask the hub of this address."""
    monkeypatch.setattr(constants, "ENDPOINT", hub)
    pattern = f"{hub}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", pattern)


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a hub that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_fetch_says_the_size_beforehand_and_how_far_it_is(
    files: list[Path], tmp_path: Path, program: Program
) -> None:
    with serve({REPOSITORY: files}) as hub:
        network = {"HF_HUB_OFFLINE": "0", "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_ENDPOINT": hub}
        said = program("models", "fetch", NAME, env=os.environ | network)
    assert said.returncode == 0, said.stderr
    size = f"{sum(file.stat().st_size for file in files if file.name != 'open_clip_config.json') / 1e6:,.1f} MB"
    assert said.stderr.splitlines() == [f"{NAME}: {size} to fetch from {hub}", f"{size.split()[0]} of {size}"]
    assert "is on this machine" in said.stdout


def test_what_is_here_already_is_not_counted(files: list[Path], cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Told(), Told()
    with serve({REPOSITORY: files}) as hub:
        ask_of(monkeypatch, hub)
        fetch(NAME, first)
        fetch(NAME, second)
    ((size, said),) = first.began_with
    assert (size, said) == (first.done, hub)
    assert (second.began_with, second.done) == ([(0, hub)], 0)


def test_a_hub_that_never_answers_is_given_up_in_time(
    cache: Path, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_of(monkeypatch, silent)
    began = time.monotonic()
    with pytest.raises(ModelNotAvailableError) as caught:
        fetch("balanced")
    assert time.monotonic() - began < 10
    assert str(caught.value) == (
        f"{silent} doesn't answer (nothing came within 4 s); look at the network, or bring the model from a machine "
        "that has one: `framescout models export balanced model.zip` there, `framescout models import model.zip` here"
    )


def test_a_hub_that_is_not_there_is_named_with_the_reason(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    ask_of(monkeypatch, address)
    with pytest.raises(ModelNotAvailableError, match=r"doesn't answer \(Connection refused\); look at the network"):
        fetch("fast")


def test_a_model_that_the_hub_does_not_have_is_a_sentence(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve({}) as hub:
        ask_of(monkeypatch, hub)
        with pytest.raises(ModelNotAvailableError, match=f"has no model {REPOSITORY} that anyone may read"):
            fetch(NAME)


def test_weights_that_are_a_pickle_are_not_even_downloaded(
    files: list[Path], cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pickled = tmp_path / "open_clip_pytorch_model.bin"
    pickled.write_bytes(b"x" * 1000)
    others = [file for file in files if file.suffix != ".safetensors"]
    with serve({REPOSITORY: [*others, pickled]}) as hub:
        ask_of(monkeypatch, hub)
        with pytest.raises(ModelNotAvailableError, match="the only weights that are read"):
            fetch(NAME)
    assert not cache.exists()
