"""A shell completes what `framescout completion` gave it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from framescout.cli import main
from tests.conftest import program_path


def source_of(shell: str) -> str:
    said = CliRunner().invoke(main, ["completion", shell])
    assert said.exit_code == 0, said.output
    return said.stdout


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["framescout", "sear"], {"search", "searches"}),
        (["framescout", "search", "--came"], {"--camera"}),
        (["framescout", "index", "--density", ""], {"fast", "balanced", "thorough"}),
        (["framescout", "events", "li"], {"list"}),
        (["framescout", "completion", "b"], {"bash"}),
    ],
)
def test_bash_completes(tmp_path: Path, words: list[str], wanted: set[str]) -> None:
    script = tmp_path / "framescout.bash"
    script.write_text(source_of("bash"))
    said = " ".join(f"'{word}'" for word in words)
    code = f"source {script}; COMP_WORDS=({said}); COMP_CWORD={len(words) - 1}; _framescout_completion framescout"
    path = f"{Path(program_path()).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "--norc", "-c", f'{code}; printf "%s\\n" "${{COMPREPLY[@]}}"'],
        capture_output=True, text=True, check=True, env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert set(ended.stdout.split()) == wanted, ended.stderr


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", "data/bash-completion/completions/framescout"),
        ("zsh", ".zfunc/_framescout"),
        ("fish", "config/fish/completions/framescout.fish"),
    ],
)
def test_it_is_put_where_the_shell_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str, place: str
) -> None:
    for name, folder in (("HOME", "."), ("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    said = CliRunner().invoke(main, ["completion", shell, "--install"])
    assert (said.exit_code, said.stdout) == (0, "")
    assert (tmp_path / place).read_text() == source_of(shell)
    assert f"written to {tmp_path / place}" in said.stderr
    if interpreter := shutil.which(shell):
        subprocess.run([interpreter, "-n", tmp_path / place], check=True)


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").write_text("a file")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    said = CliRunner().invoke(main, ["completion", "bash", "--install"])
    assert (said.exit_code, "can't be written" in said.stderr) == (3, True)
