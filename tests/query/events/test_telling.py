"""New alerts reach a program or an address, each at least once, whatever fails between finding and telling."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from framescout.errors import UsageError
from query.engine import Engine
from query.events import Event, telling, watch
from query.events.moments import stored_moments
from query.events.telling import address, tell
from query.events.telling import program as program_of
from tests.conftest import Program

SUNSET = Event(prompts=("a sunset over the sea",), counter=("snowy mountains",), threshold=0.5)


class Receiver(http.server.ThreadingHTTPServer):
    """Answers with the statuses it is given, the last one again and again; keeps what it got."""

    def __init__(self, statuses: list[int]) -> None:
        self.statuses, self.got, self.pause = statuses, [], 0.0
        super().__init__(("127.0.0.1", 0), _Answer)
        self.url = f"http://127.0.0.1:{self.server_port}/alerts"


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        time.sleep(self.server.pause)
        status = self.server.statuses.pop(0) if len(self.server.statuses) > 1 else self.server.statuses[0]
        self.server.got.append((status, json.loads(body)))
        self.send_response(status)
        self.send_header("location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver([204]) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def found(engine: Engine, receiver: Receiver) -> dict[str, str]:
    target = {"post": receiver.url}
    watch(engine, {"sunset": SUNSET}, targets=[target])
    return target


def test_each_new_alert_is_posted_once(engine: Engine, receiver: Receiver) -> None:
    target = found(engine, receiver)
    assert tell(engine.catalog.pending_alerts, [target]) == []
    alerts = stored_moments(engine)["sunset"]
    assert len(receiver.got) == len(alerts) > 0
    assert {(each["video"], each["start"], each["event"]) for _, each in receiver.got} == {
        (moment.video, moment.start, "sunset") for moment, _ in alerts
    }
    assert len({each["id"] for _, each in receiver.got}) == len(alerts)
    found(engine, receiver)  # again: nothing is new
    assert engine.catalog.pending_alerts.all() == []


def test_a_power_cut_between_finding_and_posting_loses_nothing(engine: Engine, receiver: Receiver) -> None:
    target = found(engine, receiver)  # and nothing more: the machine goes dark here
    watch(engine, {"sunset": SUNSET})  # a run without --post doesn't forget them either
    again = Engine(engine.catalog)
    found(again, receiver)
    assert tell(again.catalog.pending_alerts, [target]) == []
    assert len(receiver.got) == len(stored_moments(engine)["sunset"])


def test_what_may_pass_is_tried_again_with_longer_waits(engine: Engine, receiver: Receiver) -> None:
    target, waits = found(engine, receiver), []
    receiver.statuses = [503, 429, 200]
    assert tell(engine.catalog.pending_alerts, [target], sleep=waits.append) == []
    assert waits == [1.0, 3.0]


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (301, 1), (500, 4)])
def test_what_fails_stays_for_the_next_run(engine: Engine, receiver: Receiver, status: int, tries: int) -> None:
    target, count = found(engine, receiver), len(stored_moments(engine)["sunset"])
    receiver.statuses = [200, status]
    (trouble,) = tell(engine.catalog.pending_alerts, [target], sleep=lambda _: None)
    assert f"answered {status}" in trouble
    assert "the next run" in trouble
    assert "/alerts" not in trouble  # a path may hold a token
    assert len(receiver.got) == 1 + tries
    assert len(engine.catalog.pending_alerts.all()) == count - 1
    receiver.statuses = [200]
    assert tell(engine.catalog.pending_alerts, [target]) == []
    assert engine.catalog.pending_alerts.all() == []


def test_nobody_there_and_one_that_never_answers_cost_a_bounded_time(
    engine: Engine, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = found(engine, receiver)
    monkeypatch.setattr(telling, "_PATIENCE", 0.2)
    monkeypatch.setattr(telling, "_LONGEST", 1.0)
    receiver.pause = 4.0
    began = time.monotonic()
    (trouble,) = tell(engine.catalog.pending_alerts, [target])
    assert time.monotonic() - began < 10
    assert "in time" in trouble
    nobody = {"post": "http://127.0.0.1:1/"}
    watch(engine, {"evening": SUNSET}, targets=[nobody])
    assert "can't be reached" in tell(engine.catalog.pending_alerts, [nobody], sleep=lambda _: None)[0]
    assert engine.catalog.pending_alerts.all()


@pytest.mark.parametrize(
    "written",
    ["", "example.org", "ftp://example.org/", "file:///etc/passwd", "http://", "http:///x", "http://a:b@example.org/",
     "http://example.org:99999/", "http://exa mple.org/", "http://example.org/\nx", "http://[::1/", "javascript:x"],
)  # fmt: skip
def test_only_addresses_of_the_web_are_taken(written: str) -> None:
    with pytest.raises(UsageError, match="--post"):
        address(written)


def test_addresses_that_are_taken() -> None:
    for written in ("http://127.0.0.1:8123/api/webhook/x", "https://example.org/a?b=c", "HTTPS://example.org"):
        assert address(written) == written


def test_a_program_gets_lines_and_no_shell(engine: Engine, program: Program, tmp_path: Path) -> None:
    file = tmp_path / "events.toml"
    file.write_text("[sunset]\nprompts = ['a sunset over the sea']\nthreshold = 0.5\n")
    script = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"
    out = tmp_path / "$HOME; touch x"
    at = ("--catalog", engine.catalog.folder, "events", file)
    told = program(*at, "--exec", f'python3 -c "{script}" "{out}"')
    assert told.returncode == 0, told.stderr
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert {each["event"] for each in lines} == {"sunset"}
    assert len(lines) == len(stored_moments(engine)["sunset"])
    assert not (tmp_path / "x").exists()
    failed = program(*at, "--exec", "false")
    assert failed.returncode == 0  # nothing is new
    file.write_text("[evening]\nprompts = ['a sunset over the sea']\nthreshold = 0.5\n")
    failed = program(*at, "--exec", "false")
    assert (failed.returncode, "ended with 1" in failed.stderr) == (1, True)
    assert "the next run with the same option tries again" in failed.stderr
    (waiting,) = json.loads(program(*at[:3], "list", "--json").stdout)
    assert waiting["to_be_told"] == waiting["alerts"] > 0


def test_an_empty_command_is_refused() -> None:
    for written in ("", "   ", "'x"):
        with pytest.raises(UsageError, match="--exec"):
            program_of(written)
