"""Events over the demo's drawn landscapes: rows that stay the same, contexts that decide, clips."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import msgspec

import indexer
from framescout import settings
from query.engine import Engine
from query.events import Context, Event, watch
from query.events.moments import stored_moments
from tests.conftest import Program

SUNSET = Event(
    prompts=("a sunset over the sea",), counter=("snowy mountains", "a green meadow"), least_seconds=1.0, threshold=0.6
)


def found(engine: Engine, name: str = "sunset") -> set[tuple[str, float, float]]:
    return {(Path(m.video).name, m.start, m.end) for m, _ in stored_moments(engine)[name]}


def test_an_event_is_found_where_it_is_and_twice_is_the_same(engine: Engine) -> None:
    watch(engine, {"sunset": SUNSET})
    first = stored_moments(engine)
    assert {("evening_at_the_sea.mp4", 0.0, 6.0), ("holiday.mp4", 12.0, 18.0)} <= found(engine)
    assert not any(name == "mountain_tour.mp4" for name, _, _ in found(engine))
    watch(engine, {"sunset": SUNSET})
    assert stored_moments(engine) == first


def test_the_same_act_is_normal_in_one_place_and_suspicious_in_another(engine: Engine) -> None:
    best = max(float(each.evidence.max()) for each in watch(engine, {"sunset": SUNSET})[0].cameras)
    here = {"here": Context(cameras=("*",))}

    def alerts(odds: float, **contexts: dict[str, Context]) -> list[str | None]:
        """The alerts' contexts, with a threshold at these log-odds."""
        event = msgspec.structs.replace(SUNSET, threshold=1 / (1 + math.exp(-odds)), **contexts)
        return [alert.context for alert in watch(engine, {"sunset": event})[0].alerts]

    assert alerts(best + 1) == []
    assert set(alerts(best + 1, suspicious=here)) == {"here"}
    assert len(alerts(best - 1)) >= 1
    assert alerts(best - 1, normal=here) == []


def stored_cameras(engine: Engine) -> set[str]:
    with engine.catalog.snapshot() as snapshot:
        return {str(Path(video.path).parent) for video in snapshot.video_facts()}


def test_each_model_keeps_its_own_alerts(engine: Engine, small_model: str) -> None:
    (folder,) = stored_cameras(engine)
    watch(engine, {"sunset": SUNSET})
    indexer.index(engine.catalog, [folder], settings=settings.load(model=small_model))
    other = Engine(engine.catalog, model=small_model)
    watch(other, {"sunset": SUNSET, "more": SUNSET})
    assert set(stored_moments(other)) == {"sunset", "more"}
    assert set(stored_moments(Engine(engine.catalog, model="starter"))) == {"sunset"}


def test_the_command_tells_plots_and_cuts(engine: Engine, program: Program, tmp_path: Path) -> None:
    at = ("--catalog", engine.catalog.folder)
    assert "no event was looked for yet" in program(*at, "events").stderr
    file = tmp_path / "events.toml"
    file.write_text(
        "[sunset]\nprompts = ['a sunset over the sea']\ncounter = ['snowy mountains', 'a green meadow']\n"
        "least_seconds = 1.0\nthreshold = 0.5\n"
    )
    told = program(*at, "events", file, "--json", "--plots", tmp_path / "plots")
    assert told.returncode == 0, told.stderr
    alerts = json.loads(told.stdout)["sunset"]
    assert alerts
    assert [path.suffix for path in (tmp_path / "plots").iterdir()] == [".png"] * 2
    rows = list(csv.DictReader(io.StringIO(program(*at, "events", "--csv").stdout)))
    assert [float(row["start"]) for row in rows] == [alert["start"] for alert in alerts]
    assert "sunset: " in program(*at, "status").stdout
    cut = program(*at, "export", "--event", "sunset", "-n", 1, "--out", tmp_path / "clips")
    assert Path(cut.stdout.strip()).is_file()
    wrong = program(*at, "export", "--event", "moon", "--out", tmp_path / "clips")
    assert (wrong.returncode, "it has: sunset" in wrong.stderr) == (2, True)
