"""Runs the program for another one that started it: where that one closes this one's input, or is gone, the run ends
cleanly, as by Ctrl-C. `python -m framescout.attached` takes what `framescout` takes."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from contextlib import suppress

from framescout.cli import run

_STDIN = 0


def _end_with_input() -> None:
    with suppress(OSError):
        while os.read(_STDIN, 4096):
            pass
    if sys.platform == "win32":
        _thread.interrupt_main(signal.SIGTERM)
    else:
        os.kill(os.getpid(), signal.SIGTERM)  # unlike interrupt_main, it also ends a wait of the main thread


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    run()
