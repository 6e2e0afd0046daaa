"""Computes how far each context of an event holds, what that adds to the score, and says why.

docs/events.md has the model as a formula, with its assumptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, tzinfo
from typing import Any

import numpy as np

from query.confidence import softmax
from query.events.definition import Context, Event
from query.events.over_time import CameraKeyframes, windowed_mean
from query.filters import matches_camera
from query.request import Hours

SHIFT = float(np.log(20.0))
"""Log-odds by which a context makes an event more or less worth an alarm: as one of twenty, or twenty times as much."""

NAMED = 0.3
"""Share of a context that is worth telling."""

Clock = Sequence[datetime | None]


def context_shares(
    track: CameraKeyframes, event: Event, camera: str, clock: Clock, zone: tzinfo
) -> dict[str, np.ndarray]:
    """Context -> (N,) in [0, 1]: how far it holds.

    A place holds by its share of a softmax over the places that may hold then, and elsewhere; judged over the event's
    `context_seconds`. Hours and cameras hold or don't. `clock`: the wall clock at each keyframe, aware.
    """
    logits = windowed_mean(track.places, track.starts, track.ends, event.context_seconds)
    contexts = event.all_contexts
    names = [name for name, context in contexts.items() if context.prompts]
    holds = {name: _conditions(context, camera, clock, zone) for name, context in contexts.items()}
    for column, name in enumerate(names):
        logits[:, column] = np.where(holds[name], logits[:, column], -np.inf)
    shares = softmax(logits)
    place_shares = {name: shares[:, column] for column, name in enumerate(names)}
    return {name: place_shares.get(name, holds[name].astype(np.float64)) for name in contexts}


def shift(event: Event, shares: dict[str, np.ndarray]) -> np.ndarray:
    """(N,) log-odds that the contexts add: SHIFT for each suspicious one that holds, minus that for each normal one."""
    return sum((SHIFT * sign * shares[name] for name, (_, sign) in event.contexts.items()), np.zeros(1))


def reasons(
    event: Event, shares: dict[str, float], camera: str, moment: datetime | None, zone: tzinfo
) -> list[dict[str, Any]]:
    """Each context that holds at an alert, the strongest first: what it makes of the event, and why it holds."""
    held = [(name, share) for name, share in shares.items() if name in event.contexts and share >= NAMED]
    return [
        {
            "context": name,
            "makes": "suspicious" if event.contexts[name][1] > 0 else "normal",
            "because": _because(event.contexts[name][0], share, camera, moment, zone),
            "adds": round(SHIFT * event.contexts[name][1] * share, 3),
        }
        for name, share in sorted(held, key=lambda each: -each[1])
    ]


def _because(context: Context, share: float, camera: str, moment: datetime | None, zone: tzinfo) -> list[str]:
    said = [f"the place looks like {' or '.join(context.prompts)} ({share:.0%})"] if context.prompts else []
    if context.hours and moment is not None:
        said.append(f"{moment.astimezone(zone):%H:%M} lies in {context.hours}")
    if context.cameras:
        said.append(f"the camera is {camera}")
    return said


def _conditions(context: Context, camera: str, clock: Clock, zone: tzinfo) -> np.ndarray:
    """(N,) bool."""
    is_there = not context.cameras or any(matches_camera(camera, glob) for glob in context.cameras)
    if not is_there or context.hours is None:
        return np.full(len(clock), is_there)
    hours = Hours.read(context.hours)
    return np.array([moment is not None and _within(moment.astimezone(zone).time(), hours) for moment in clock])


def _within(clock: time, hours: Hours) -> bool:
    if hours.start < hours.end:
        return hours.start <= clock < hours.end
    return clock >= hours.start or clock < hours.end
