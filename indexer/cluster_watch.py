"""Sees every few seconds whether a cluster's head is there, and machines for what waits. Knows nothing of Ray."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable

from framescout.errors import NotAvailableError
from indexer.placement import Machine, Need, slots

LOOK_EVERY = 5.0  # seconds
_QUIET = 10.0  # seconds in which no answer comes
_LONGEST_ABSENCE = 60.0  # seconds without a machine for what waits for one
_LONGEST_WITHOUT_HEAD = 35.0  # seconds; after 60 Ray ends this process, whatever it does
_PATIENCE = 1.0  # seconds


class Watch:
    """Ends a run that would wait for ever. All times are seconds on a clock that only goes forward."""

    def __init__(self, head: str, machines: Callable[[], list[Machine]], now: float) -> None:
        """`head`: its address, HOST:PORT. `machines`: those of the cluster that are there, asked where the head is."""
        self._head, self._machines = head, machines
        self._looked_at = self._heard_at = now
        self._headless_since: float | None = None

    def hear(self, now: float) -> None:
        """Note that an answer came."""
        self._heard_at = now

    def look(self, needs: Iterable[Need], now: float) -> None:
        """See whether the head is there, and machines for what is needed; does nothing if it has looked just before.

        While answers come, those who wait in vain don't end the run.

        Raises:
            NotAvailableError: the head, or every machine for one of the needs, has been away for too long.
        """
        if now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        if not self._has_head(now):
            return
        there, is_quiet = self._machines(), now - self._heard_at > _QUIET
        for need in needs:
            if slots(there, need.site, need.gpus):
                need.absent_since = None
            elif need.absent_since is None:
                need.absent_since = now
            elif is_quiet and now - need.absent_since > _LONGEST_ABSENCE:
                raise NotAvailableError(f"{need.without_a_machine}; what was committed is there")

    def _has_head(self, now: float) -> bool:
        if _answers(self._head):
            self._headless_since = None
            return True
        if self._headless_since is None:
            self._headless_since = now
        elif now - self._headless_since > _LONGEST_WITHOUT_HEAD:
            raise NotAvailableError(
                f"the head of the Ray cluster ({self._head}) has gone; what was committed is there: start "
                "the cluster anew, and run the same command again"
            )
        return False


def _answers(head: str) -> bool:
    """Whether somebody listens at the address HOST:PORT of a head."""
    host, _, port = head.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except OSError:
        return False
    return True
