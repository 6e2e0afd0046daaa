"""Runs pieces of Python with this state of the program and with another one, to compare them."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

THIS = Path(__file__).resolve().parents[1]


def run_in(state: Path, code: str, *arguments: str) -> str:
    """What `code` prints in a process of its own that has the packages of `state`, a checkout.

    Raises:
        subprocess.CalledProcessError: it fails.
    """
    command = [sys.executable, "-c", code, *arguments]
    environment = os.environ | {"PYTHONPATH": str(state)}
    return subprocess.run(command, env=environment, cwd=state, check=True, stdout=subprocess.PIPE, text=True).stdout


def parser_of(description: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """For a script that compares states, with what they all can be told."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--before", type=lambda given: Path(given).absolute())
    parser.add_argument("--folder", type=Path, help="Keep what is made here, for the next run.")
    return parser


def states_of(before: Path | None) -> dict[str, Path]:
    """Name -> checkout: this one, and the one before where it is given."""
    return {"now": THIS} | ({"before": before} if before else {})
