"""Every line of the threat model has a test, and the test is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = [
    line
    for line in (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| what")
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip()[:40])
def test_each_threat_has_a_test_that_is_there(line: str) -> None:
    named = re.findall(r"`(tests/[\w/.]+)::(\w+)`", line)
    assert named
    for file, name in named:
        functions = ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        assert name in {node.name for node in functions if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"


def test_every_kind_of_stranger_is_named() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Footage", "Web clients", "Model files", "Settings, questions, labels, events, moments", "Packages",
    ]  # fmt: skip
    assert len(LINES) >= 20
