"""What `framescout doctor` finds where something is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from framescout.cli import main
from framescout.media import container


def ask(*options: str) -> tuple[Result, dict[str, dict[str, str]]]:
    result = CliRunner().invoke(main, [*options, "doctor", "--json"])
    return result, {finding["what"]: finding for finding in json.loads(result.stdout)}


def test_a_package_that_cannot_be_loaded_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    result, found = ask()
    assert result.exit_code == 3
    assert found["processor"]["state"] == "fail"
    assert found["ffmpeg"]["state"] == "ok"


def test_an_ffmpeg_without_encoders_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\necho ffmpeg version 1.2.3\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    own = tmp_path / "own.toml"
    own.write_text(f"ffmpeg = '{tmp_path / 'ffmpeg'}'\n")
    result, found = ask("--config", str(own))
    assert result.exit_code == 3
    assert found["ffmpeg"]["says"] == f"1.2.3, {tmp_path / 'ffmpeg'}"
    assert "no libx264 and no aac" in found["encoders"]["says"]


def test_a_setting_says_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.toml"
    own.write_text("batch = 5\n")
    monkeypatch.setenv("FRAMESCOUT_WORKERS", "3")
    _, found = ask("--config", str(own))
    assert found["setting batch"]["says"] == f"5 ({own})"
    assert found["setting workers"]["says"] == "'3' (the environment)"


def test_a_setting_that_makes_no_sense_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMESCOUT_DENSITY", "dense")
    result, found = ask()
    assert result.exit_code == 3
    assert "not 'dense'" in found["settings"]["says"]


@pytest.mark.parametrize(("is_there", "state", "says"), [(False, "warn", "processor decodes"), (True, "ok", "(cuda)")])
def test_a_card_that_is_to_decode_and_is_not_there_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, is_there: bool, state: str, says: str
) -> None:
    monkeypatch.setattr(container, "has_device", lambda decode_on: is_there and decode_on == "cuda")
    result, found = ask("--config", "gpu.toml")
    assert result.exit_code == 0
    assert found["decoding"]["state"] == state
    assert says in found["decoding"]["says"]


def test_the_card_that_embeds_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Some Card 3000")
    _, found = ask()
    assert found["graphics"]["says"] == "Some Card 3000"
    assert found["processor"]["says"].endswith("fp16")


def test_a_better_model_is_named_while_the_one_that_ships_is_used(small_model: str, tmp_path: Path) -> None:
    _, found = ask()
    assert found["better model"]["says"].endswith("answers better (1.5 GB, once): framescout models fetch balanced")
    (tmp_path / "own.toml").write_text(f"model = {json.dumps(small_model)}\n")
    _, found = ask("--config", str(tmp_path / "own.toml"))
    assert "better model" not in found
