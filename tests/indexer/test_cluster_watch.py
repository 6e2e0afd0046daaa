"""When a run on a cluster gives up. Time is told to it; the head is a port that listens, or doesn't."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from framescout.errors import NotAvailableError
from indexer.cluster_watch import LOOK_EVERY, Watch
from indexer.placement import Machine, Need

BERLIN, BONN = Machine("berlin", 1, 0), Machine("bonn", 1, 0)
NOBODY = "127.0.0.1:1"
A_LOOK = int(LOOK_EVERY)


@pytest.fixture
def head() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:  # nobody takes what comes in
        yield f"127.0.0.1:{listening.getsockname()[1]}"


class Cluster:
    """Whose machines are there, and what waits for them."""

    def __init__(self, head: str) -> None:
        self.machines = [BERLIN, BONN]
        self.needs = [Need("a video", "berlin", 0), Need("a video", "bonn", 0)]
        self.watch = Watch(head, lambda: self.machines, 0.0)

    def go_on(self, first: int, last: int, *, is_heard: bool) -> None:
        """From one second to another; some answer comes in each of them, or none."""
        for second in range(first, last):
            if is_heard:
                self.watch.hear(second)
            self.watch.look(self.needs, second)


def test_a_site_whose_machine_is_away_for_a_moment_goes_on_however_long_others_were_heard(head: str) -> None:
    cluster = Cluster(head)
    cluster.go_on(0, 500, is_heard=True)
    cluster.go_on(500, 500 + 4 * A_LOOK, is_heard=False)
    cluster.machines = [BERLIN]
    cluster.go_on(520, 575, is_heard=False)
    cluster.machines = [BERLIN, BONN]
    cluster.go_on(575, 700, is_heard=False)


def test_a_site_without_a_machine_ends_the_run_a_minute_later(head: str) -> None:
    cluster = Cluster(head)
    cluster.machines = [BERLIN]
    cluster.go_on(0, 60, is_heard=False)
    with pytest.raises(NotAvailableError, match=r"label site=bonn has a processor .*; what was committed is there"):
        cluster.go_on(60, 60 + 3 * A_LOOK, is_heard=False)


def test_while_others_are_heard_a_site_without_a_machine_waits(head: str) -> None:
    cluster = Cluster(head)
    cluster.machines = [BERLIN]
    cluster.go_on(0, 500, is_heard=True)
    with pytest.raises(NotAvailableError, match="site=bonn"):
        cluster.go_on(500, 500 + 4 * A_LOOK, is_heard=False)


def test_a_head_that_is_gone_ends_the_run_after_half_a_minute(head: str) -> None:
    cluster = Cluster(NOBODY)
    cluster.machines = []  # nobody can be asked for them
    cluster.go_on(0, 35, is_heard=True)
    with pytest.raises(NotAvailableError, match=rf"the head of the Ray cluster \({NOBODY}\) has gone"):
        cluster.go_on(35, 60, is_heard=True)
    Cluster(head).go_on(0, 60, is_heard=True)
