"""Shows what the score of one event is made of over one video."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from framescout.catalog import Space
from framescout.catalog.naming import find_video
from framescout.errors import NotAvailableError, UsageError
from query.engine import Engine
from query.events.chart import SERIES, Panel, counted, draw
from query.events.contexts import SHIFT
from query.events.definition import Event, read_events
from query.events.detection import Detected, Watched, detect
from query.events.plot import axis_of, best_keyframes, score_panel
from query.events.watching import refuse_unknown_cameras, there_are


class Parts(msgspec.Struct, frozen=True):
    """One event over one video."""

    name: str
    event: Event
    watched: Watched
    """The camera's scores, of the keyframes of this video alone."""


def parts_of(engine: Engine, name: str, video: str, file: Path | None = None) -> Parts:
    """`video`: as `find_video` takes it. `file`: the one that defines the event; by default that of the last run.

    Raises:
        UsageError: there is no such event, or no file is known that defines it, or the video is not in the catalog.
        NotAvailableError: the file of events can't be read.
    """
    with engine.space() as space:
        file = file or _source(space, name)
        events = read_events(file)
        if name not in events:
            raise UsageError(f"{file} defines no event {name!r}; {there_are(sorted(events))}")
        refuse_unknown_cameras(space.snapshot, {name: events[name]}, file)
        video_id = find_video(space.snapshot.video_facts(), video).id
        found = detect(engine, space, name, events[name], engine.catalog.alert_marks.all())
    return Parts(name, events[name], _of_video(found, video_id))


def _source(space: Space, name: str) -> Path:
    known = {event.name: event.source for event in space.events()}
    if name not in known:
        raise UsageError(f"there is no event {name!r} in the catalog; {there_are(sorted(known))}; or name its --file")
    source = known[name]
    if source is None:
        raise UsageError(f"nobody knows which file defines {name!r}; name it with --file")
    return Path(source)


def _of_video(found: Detected, video_id: int) -> Watched:
    """The part of its camera's scores that lies in one video."""
    for watched in found.cameras:
        for number, video in enumerate(watched.videos):
            if video.id == video_id:
                own = np.flatnonzero(watched.video_of == number)
                kept = [
                    (alert, (first - int(own[0]), last - int(own[0])))
                    for alert, (first, last) in zip(watched.alerts, watched.places, strict=True)
                    if alert.video_id == video_id
                ]
                return replace(
                    watched,
                    videos=(video,),
                    video_of=np.zeros(len(own), int),
                    times=watched.times[own],
                    lengths=watched.lengths[own],
                    parts={name: values[own] for name, values in watched.parts.items()},
                    scores=watched.scores[own],
                    evidence=watched.evidence[own],
                    alerts=tuple(alert for alert, _ in kept),
                    places=tuple(place for _, place in kept),
                )
    raise NotAvailableError("the video has no keyframes")


def to_json(parts: Parts) -> dict[str, Any]:
    """A row a keyframe: when it is shown, each part, the score without context, the score; and the alerts."""
    watched = parts.watched
    columns = {"time": watched.times, **watched.parts, "without context": watched.evidence, "score": watched.scores}
    return {
        "event": parts.name,
        "video": watched.videos[0].path,
        "camera": watched.camera,
        "keyframes": [
            {name: _number(values[place]) for name, values in columns.items()} for place in range(len(watched.times))
        ],
        "alerts": [
            {"start": each.start, "end": each.end, "score": each.score, "why": each.why} for each in watched.alerts
        ],
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def plot_parts(parts: Parts, out: Path, zone: tzinfo) -> None:
    """Write the picture: a panel for what speaks for the event and against it, one for the contexts, one for the score.

    Raises:
        NotAvailableError: it can't be written.
    """
    watched = parts.watched
    contexts = [name for name in watched.parts if name in parts.event.contexts or name == "only here"]
    others = [name for name in watched.parts if name not in contexts and name != "motion"]
    panels = [_panel("what it looks like, and what it is confused with: logits", watched, others)] if others else []
    if "motion" in watched.parts:
        panels.append(_motion(parts))
    if contexts:
        panels.append(_contexts(parts, contexts))
    panels.append(score_panel(watched, "score: how much rarer than asked, as a logarithm; alarms are red", 200))
    title = f"{parts.name} in {Path(watched.videos[0].path).name}: {counted(len(watched.alerts))}"
    picture = draw(title, axis_of(watched, zone), panels, best_keyframes(watched))
    try:
        picture.save(out)
    except (OSError, ValueError) as error:
        raise NotAvailableError(f"the picture can't be written to {out}: {error}") from error


def _panel(title: str, watched: Watched, names: list[str]) -> Panel:
    curves = [(name, watched.parts[name], SERIES[place % len(SERIES)]) for place, name in enumerate(names)]
    values = np.concatenate([watched.parts[name] for name in names])
    low, high = float(values.min()), float(values.max())
    margin = max(0.5, 0.08 * (high - low))
    return Panel(title, 170, curves, low - margin, high + margin)


def _motion(parts: Parts) -> Panel:
    """What motion adds; where nobody knows it, nothing."""
    values = np.nan_to_num(parts.watched.parts["motion"], nan=0.0)
    title = f"what motion adds, asked for {parts.event.motion}: log-odds"
    return Panel(title, 110, [("motion", values, SERIES[2])], -6.0, 6.0, (0.0, "border"))


def _contexts(parts: Parts, names: list[str]) -> Panel:
    """What each context adds; of `only` how far it holds."""
    contexts = parts.event.contexts
    signs = [SHIFT * contexts[name][1] if name in contexts else 1.0 for name in names]
    curves = [
        (name, sign * parts.watched.parts[name], SERIES[2 + place % 5])
        for place, (name, sign) in enumerate(zip(names, signs, strict=True))
    ]
    return Panel("what the contexts add to the score", 110, curves, -SHIFT - 0.3, SHIFT + 0.3)
