"""What tests of faults share: an archive, the answers of a sound catalog, ways to take rights and room away."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import program_path
from tests.footage import make

Ended = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def footage_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three small videos; tests link them to where they want them."""
    folder = tmp_path_factory.mktemp("footage")
    return [make.coloured_shots(folder), make.numbered(folder, "b.mp4", seconds=3), make.numbered(folder, "c.mp4")]


@pytest.fixture
def archive(tmp_path: Path, footage_files: list[Path]) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    for path in footage_files:
        shutil.copy(path, folder)
    return folder


def run(*arguments: object, before: list[str] | None = None, **environment: str) -> Ended:
    """The real program; `before` stands in front of its command."""
    call = [*(before or []), program_path(), *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, check=False, env=os.environ | environment)


def is_one_sentence(ended: Ended) -> bool:
    """Whether a person was told something, and no more than that."""
    return "Traceback" not in ended.stderr and "a fault of framescout itself" not in ended.stderr


WITHOUT_RIGHTS = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
]
"""Makes root mind the rights of files, as everybody else must."""


@pytest.fixture
def as_a_user() -> list[str]:
    """What stands before a command that must mind rights."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not here, and root may read everything")
    return WITHOUT_RIGHTS


@pytest.fixture
def with_mounts() -> Callable[[str], Ended]:
    """Runs a shell script that may mount things which vanish with it."""
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("this system lets nobody mount things apart from others")

    def script(text: str) -> Ended:
        return subprocess.run([*unshare, "sh", "-euc", text], capture_output=True, text=True, check=False)

    return script
