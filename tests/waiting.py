"""Waiting for what a test needs, however loaded the machine is."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], object], process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Return once `is_so()`; without a limit of its own, since only a process that ended can't bring it about any more.

    A test that hangs is ended: see `timeout` in pyproject.toml.
    """
    while not is_so():
        if process.poll() is not None:
            if is_so():
                return
            said = process.stderr.read() if process.stderr else ""
            raise AssertionError(f"the process ended with {process.returncode} before that: {said!r}")
        time.sleep(0.02)
