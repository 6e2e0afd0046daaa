"""What the documents say is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from framescout import settings
from framescout.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_names_every_command(command: str) -> None:
    assert re.search(rf"`{command}`|`{command},|, `{command}`", (ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_repository_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_the_documents_exist(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        said = re.match(r"\$? ?(?:\.venv/bin/)?framescout ((?:--\w+ \S+ )*)(\w+)", line)
        if said:
            assert said[2] in COMMANDS, line


def test_every_setting_is_explained() -> None:
    text = (ROOT / "configs" / "default.toml").read_text(encoding="utf-8")
    assert list(tomllib.loads(text)) == list(settings.Settings.__struct_fields__)
    for name in settings.Settings.__struct_fields__:
        assert re.search(rf"^# .+\n(?:# .+\n)*{name} = ", text, re.MULTILINE), name


def test_the_readmes_transcript_is_not_empty() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    transcript = text.split("<!-- demo -->")[1].split("<!-- /demo -->")[0]
    assert "$ framescout" in transcript
    assert "The clip is in" in transcript
