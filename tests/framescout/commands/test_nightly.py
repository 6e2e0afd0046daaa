"""What has the system index every night: the files as each system reads them."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from framescout.cli import main
from framescout.timers import NAME, Night, launchd, systemd, task

ODD = "/mnt/a folder/50% \"off\" $HOME 'x' \\ é"
NIGHT = Night([sys.executable, "--catalog", "/var/lib/framescout", "index", ODD, "--until", "06:30"], [ODD], 22, 5)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_its_units(tmp_path: Path) -> None:
    for path, text in systemd(NIGHT, tmp_path).items():
        path.write_text(text)
    units = [tmp_path / f"{NAME}.{kind}" for kind in ("service", "timer")]
    how = {"capture_output": True, "text": True, "check": False, "timeout": 120}
    ended = subprocess.run(["systemd-analyze", "verify", *units], **how)
    assert ended.returncode == 0, ended.stderr
    assert not [line for line in ended.stderr.splitlines() if NAME in line]
    ended = subprocess.run(["systemd-analyze", "calendar", "*-*-* 22:05"], **how)
    assert ended.returncode == 0


def test_a_units_words_are_those_of_the_command() -> None:
    service = systemd(NIGHT, Path())[Path(f"{NAME}.service")]
    (line,) = [line for line in service.splitlines() if line.startswith("ExecStart=")]
    words = line.removeprefix('ExecStart="').removesuffix('"').split('" "')
    undone = [word.replace("%%", "%").replace("$$", "$").replace('\\"', '"').replace("\\\\", "\\") for word in words]
    assert undone == NIGHT.command
    (mounts,) = [line for line in service.splitlines() if line.startswith("RequiresMountsFor=")]
    assert (
        mounts.removeprefix("RequiresMountsFor=").replace("%%", "%").replace('\\"', '"').replace("\\\\", "\\")
        == f'"{ODD}"'
    )


def test_launchds_agent_is_a_property_list_with_the_command(tmp_path: Path) -> None:
    ((path, text),) = launchd(NIGHT, tmp_path, tmp_path / "log").items()
    agent = plistlib.loads(text.encode())
    assert path.name == f"{agent['Label']}.plist"
    assert agent["ProgramArguments"] == NIGHT.command
    assert agent["StartCalendarInterval"] == {"Hour": 22, "Minute": 5}


def test_windows_task_is_xml_with_the_command(tmp_path: Path) -> None:
    night = Night(["C:\\framescout.exe", "index", "D:\\My <Films> & more", "--until", "06:30"], [], 22, 5)
    ((_, text),) = task(night, tmp_path).items()
    root = ElementTree.fromstring(text.encode("utf-16"))
    found = {each.tag.rpartition("}")[2]: each.text for each in root.iter()}
    assert found["Command"] == "C:\\framescout.exe"
    assert found["Arguments"] == 'index "D:\\My <Films> & more" --until 06:30'
    assert found["StartBoundary"].endswith("T22:05:00")


@pytest.mark.skipif(sys.platform != "linux", reason="the files are systemd's")
def test_it_is_shown_and_asked_before_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    call = ["--catalog", "cat", "service", "install", "footage", "--at", "23:00", "--until", "06:30"]
    units = tmp_path / "systemd" / "user"
    runner = CliRunner()
    shown = runner.invoke(main, [*call, "--dry-run"])
    assert (shown.exit_code, units.exists()) == (0, False)
    assert f'"--catalog" "{tmp_path}/cat" "index" "{tmp_path}/footage" "--until" "06:30"' in shown.stdout
    assert "OnCalendar=*-*-* 23:00" in shown.stdout
    assert (runner.invoke(main, call, input="n\n").exit_code, units.exists()) == (1, False)
    done = runner.invoke(main, call, input="y\n")
    assert done.exit_code == 0, done.output
    assert {path.name for path in units.iterdir()} == {f"{NAME}.service", f"{NAME}.timer"}
    assert all(path.read_text() in done.stdout for path in units.iterdir())
    assert f"systemctl --user enable --now {NAME}.timer" in done.stderr


@pytest.mark.parametrize("option", ["--at", "--until"])
def test_a_time_that_is_none_is_refused(option: str) -> None:
    said = CliRunner().invoke(main, ["service", "install", "x", option, "25:99"])
    assert (said.exit_code, "time of day" in said.stderr) == (2, True)
