"""Turns stored embeddings into alerts: what is normal in one place and suspicious in another."""

from __future__ import annotations

from query.events.definition import Context, Event, read_events
from query.events.detection import Detected, detect
from query.events.watching import watch

__all__ = ["Context", "Detected", "Event", "detect", "read_events", "watch"]
