"""`framescout demo`, the first thing that a new user sees, from nothing to a clip."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Program, program_path

ROOT = Path(__file__).resolve().parents[2]
LIKE_THE_README = 8  # percentage points by which a confidence may differ on another processor


def on_a_terminal(folder: Path) -> list[str]:
    """What `framescout demo` prints to a terminal, and its lines for people on stderr; paths shortened."""
    terminal, inside = pty.openpty()
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "400", "TERM": "xterm"}
    with (folder / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            [program_path(), "demo"], cwd=folder, stdout=inside, stderr=stderr, env=environment, close_fds=True
        )
    os.close(inside)
    printed = b""
    while part := read(terminal):
        printed += part
    os.close(terminal)
    assert process.wait() == 0
    text = (folder / "stderr").read_text(encoding="utf-8") + printed.decode()
    text = re.sub(r"\x1b\]8;.*?\x1b\\|\x1b\[[0-9;?]*[a-zA-Z]|\r", "", text)  # links, colours, line ends of a terminal
    return [line.rstrip() for line in text.replace(str(folder.resolve()), "…").splitlines()]


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way of saying that the other side has closed
        return b""


def without_figures(line: str) -> str:
    """How long it took, how sure it is, and the spaces that depend on both."""
    line = re.sub(r"in \d:\d\d:\d\d, \d+x", "in TIME", line)
    return " ".join(re.sub(r"\d+%(?: #+)?", "SURE", line).split())


@pytest.mark.slow
def test_the_demo_finds_the_right_moment_and_says_where_to_look(program: Program, tmp_path: Path) -> None:
    said = on_a_terminal(tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    transcript = readme.split("<!-- demo -->\n```text\n")[1].split("\n```\n<!-- /demo -->")[0].splitlines()
    printed = {without_figures(line): line for line in said}
    for line in transcript:
        assert without_figures(line) in printed, f"the README says {line!r}, the demo {said}"
        ours, real = (re.search(r"(\d+)%", each) for each in (line, printed[without_figures(line)]))
        assert not ours or not real or abs(int(ours[1]) - int(real[1])) <= LIKE_THE_README
    asked = [without_figures(line) for line in transcript if line.startswith(("$", " ", "0:"))]
    assert asked == [each for each in map(without_figures, said) if each in asked]  # in this order, once each

    folder = tmp_path / "framescout-demo"
    done = program("demo", folder)  # again, over what it left, and into a pipe
    assert done.returncode == 0, done.stderr
    assert re.search(r"^0:00:06\.0\t0:00:12\.0\t\S+\t.*holiday\.mp4$", done.stdout, re.MULTILINE)
    (clip,) = (folder / "clips").glob("*.mp4")
    assert str(clip) in done.stdout
    assert f"The clip is in {folder / 'clips'}" in done.stdout


def test_the_demo_leaves_other_peoples_folders_alone(program: Program, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    refused = program("demo", tmp_path)
    assert refused.returncode == 2
    assert "not empty" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
