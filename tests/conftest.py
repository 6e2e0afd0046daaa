"""What tests share: a clean environment, the starter model's towers made once, catalogs, the program itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

import framescout
from framescout.catalog import Catalog
from framescout.commands.demo import make_archive
from framescout.embedding import load_embedder
from tests.framescout.embedding.make import TINY_VIT, make_model
from tests.postgresql import Server, server

settings.register_profile("unhurried", deadline=None)  # how long a case takes says how busy the machine is
settings.load_profile("unhurried")
FOOTAGE = Path(__file__).resolve().parents[2] / "shared" / "footage"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: of several test processes, none is alone with a long file in the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No setting and no catalog of the person who runs the tests, and none that another test chose."""
    monkeypatch.setattr("framescout.media.ffmpeg._chosen", None)
    for name in os.environ:
        if name.startswith("FRAMESCOUT_"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.getbasetemp() / "home"
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def towers(shared_folder: Path) -> Path:
    """A cache folder with the starter model's towers and kept sentences."""
    cache = shared_folder / "towers"
    with FileLock(f"{cache}.lock"):
        load_embedder("starter", cache=cache).keep_background(cache)
    return cache


@pytest.fixture(scope="session")
def landscapes(shared_folder: Path) -> Path:
    """The demo's four drawn videos; a test that changes any of them copies them first."""
    folder = shared_folder / "landscapes"
    with FileLock(f"{folder}.lock"):
        make_archive(folder)
    return folder


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of all test processes side by side: what takes long is made once there."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture
def catalog(tmp_path: Path, towers: Path) -> Catalog:
    """An empty catalog whose cache has what a first run would make."""
    folder = tmp_path / "catalog"
    shutil.copytree(towers, folder / "cache", copy_function=os.link)
    return framescout.open(folder)


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A second model, tiny and untrained."""
    return make_model(tmp_path_factory.mktemp("models") / "tiny", TINY_VIT)


@pytest.fixture
def footage() -> Path:
    """Real footage that lies beside the project."""
    if not FOOTAGE.is_dir():
        pytest.skip("the real footage does not lie beside the project")
    return FOOTAGE


Place = Path | str
"""Of a catalog: a folder, or the address of a database."""


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL server of the tests' own; what fixtures of modules derive from it lies nowhere else either."""
    with pytest.MonkeyPatch.context() as patch, server() as running:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "home"))
        yield running


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def places(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], AbstractContextManager[Place]]:
    """Gives new places for catalogs, of each kind of store in turn."""
    if request.param == "sqlite":
        return lambda: nullcontext(tmp_path_factory.mktemp("place") / "catalog")
    running: Server = request.getfixturevalue("postgresql")
    return running.catalog


@pytest.fixture
def place(places: Callable[[], AbstractContextManager[Place]]) -> Iterator[Place]:
    """A new place for a catalog."""
    with places() as new:
        yield new


Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def program() -> Program:
    """The `framescout` command in a process of its own; takes its arguments."""

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        options = {"capture_output": True, "text": True, "check": False, "timeout": 400} | options
        return subprocess.run([program_path(), *map(str, arguments)], **options)

    return run


def program_path() -> str:
    """The installed command."""
    found = shutil.which("framescout", path=str(Path(sys.executable).parent))
    assert found, "the project is not installed beside this Python"
    return found
