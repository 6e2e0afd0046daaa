"""Writes what has the system index every night: systemd's user units, launchd's agent, Windows' task."""

from __future__ import annotations

import plistlib
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

NAME = "framescout-index"


class Night(msgspec.Struct, frozen=True):
    """What is to be run, and when."""

    command: list[str]
    """The program by its whole path, and its arguments."""
    folders: list[str]
    """What has to be mounted: an empty mount point looks like an archive from which everything is gone."""
    hour: int
    minute: int

    @property
    def clock(self) -> str:
        """As HH:MM."""
        return f"{self.hour:02d}:{self.minute:02d}"


def systemd(night: Night, folder: Path) -> dict[Path, str]:
    """A service and its timer, of systemd's user manager, by their paths."""
    call = " ".join(_quoted(part).replace("$", "$$") for part in night.command)  # systemd takes $ for a variable
    mounts = " ".join(_quoted(folder) for folder in night.folders)
    service = f"""[Unit]
Description=Index new footage
RequiresMountsFor={mounts}

[Service]
Type=oneshot
ExecStart={call}
SuccessExitStatus=4 130
Nice=10
IOSchedulingClass=idle
"""
    timer = f"""[Unit]
Description=Index new footage every night

[Timer]
OnCalendar=*-*-* {night.clock}
Persistent=true

[Install]
WantedBy=timers.target
"""
    return {folder / f"{NAME}.service": service, folder / f"{NAME}.timer": timer}


def _quoted(part: str) -> str:
    """A word of a unit: systemd takes backslashes, quotes and % for its own."""
    for mark, meant in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("\n", "\\n"), ("\t", "\\t")):
        part = part.replace(mark, meant)
    return f'"{part}"'


def launchd(night: Night, folder: Path, log: Path) -> dict[Path, str]:
    """An agent of launchd, by its path."""
    label = f"org.framescout.{NAME}"
    agent = {
        "Label": label,
        "ProgramArguments": night.command,
        "StartCalendarInterval": {"Hour": night.hour, "Minute": night.minute},
        "StandardErrorPath": str(log),
        "ProcessType": "Background",
    }
    return {folder / f"{label}.plist": plistlib.dumps(agent).decode()}


def task(night: Night, folder: Path) -> dict[Path, str]:
    """A task of Windows' Task Scheduler as XML, by its path; schtasks reads it as UTF-16."""
    program, *arguments = night.command
    words = escape(" ".join(_quoted_for_windows(part) for part in arguments))
    text = f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Index new footage every night</Description></RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>2026-01-01T{night.clock}:00</StartBoundary>
      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Settings><StartWhenAvailable>true</StartWhenAvailable><Priority>7</Priority></Settings>
  <Actions><Exec><Command>{escape(program)}</Command><Arguments>{words}</Arguments></Exec></Actions>
</Task>
"""
    return {folder / f"{NAME}.xml": text}


def _quoted_for_windows(part: str) -> str:
    """Windows' rule: backslashes are doubled only before a quote, and no path holds a quote."""
    return f'"{part}"' if " " in part or not part else part
