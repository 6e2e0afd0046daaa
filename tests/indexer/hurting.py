"""Hurts a decoding process when a certain file comes to it."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from indexer import processes


def hurt_decoder_of(name: str, sent: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send the signal to the process that is given a file of this name, before it begins."""
    begin = processes.DecodingProcess._begin

    def begin_and_hurt(process: processes.DecodingProcess, job: Any) -> None:
        if job.file.path.endswith(name):
            assert process._process.pid
            os.kill(process._process.pid, sent)
        begin(process, job)

    monkeypatch.setattr(processes.DecodingProcess, "_begin", begin_and_hurt)
