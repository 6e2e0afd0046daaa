"""Our own parsers, each behind one door: bytes go in; nothing comes out but, at most, an error that is a sentence."""

from __future__ import annotations

import functools
import json
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import framescout
from framescout import settings
from framescout.catalog import Catalog
from framescout.catalog.records import Model
from framescout.errors import FramescoutError
from framescout.recording import Recording, Rules
from query.clips.manifest import read_moments
from query.events.definition import read_events
from query.filters import find_places, wanted_ranges
from query.labels import read_labels
from query.request import Query
from query.web.question_parameters import keep_picture
from tests.framescout.catalog.make import make_indexed

SLOWEST = 2.0
"""Seconds of processor time that a parser may take for a few thousand bytes."""


@functools.cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzz-"))


@functools.cache
def _catalog() -> tuple[Catalog, Model]:
    """Three videos, two with a recording time; long paths, so that slow globs are felt."""
    catalog = framescout.open(_folder() / "catalog")
    with catalog.writer() as writer:
        model = writer.model("made-up", "0", 8)
        names = ("cam01/2026-02-14 22-15.mp4", "cam02/" + "ab" * 100 + ".mkv", "/".join("ab" * 3 for _ in range(30)))
        for number, name in enumerate(names):
            writer.commit_video(make_indexed(f"/archive/{name}", seed=number), model)
    return catalog, model


def file_names(data: bytes) -> None:
    """Dates and cameras in paths, in a zone whose clock jumps."""
    path = data.decode("utf-8", "surrogateescape")
    found = Rules("Europe/Berlin").recording(path, {}, 10.0)
    assert isinstance(found, Recording)


def questions(data: bytes) -> None:
    """JSON of a question, as the web, saved searches and --queries give it; then its filters over a catalog."""
    try:
        asked = json.loads(data)
    except (ValueError, RecursionError):
        return
    query = Query.from_json(asked)
    assert Query.from_json(json.loads(json.dumps(query.to_json()))) == query
    catalog, model = _catalog()
    with catalog.snapshot() as snapshot:
        with suppress(FramescoutError):
            find_places(snapshot, query)
        wanted_ranges(snapshot.space(model), query, ZoneInfo("Europe/Berlin"))


def globs(data: bytes) -> None:
    """Globs of paths and cameras."""
    glob = data.decode("utf-8", "replace")
    questions(json.dumps({"text": "a", "paths": [glob]}).encode())
    questions(json.dumps({"text": "a", "cameras": [glob]}).encode())


def dates(data: bytes) -> None:
    """Dates and hours."""
    after, _, rest = data.decode("utf-8", "replace").partition("\n")
    before, _, hours = rest.partition("\n")
    given = {"after": after, "before": before, "hours": hours}
    questions(json.dumps({"text": "a"} | {name: value for name, value in given.items() if value}).encode())


def _from_file(read: Callable[[Path], object], suffix: str) -> Callable[[bytes], None]:
    def parse(data: bytes) -> None:
        path = _folder() / f"given{suffix}"
        path.write_bytes(data)
        read(path)

    return parse


def pictures(data: bytes) -> None:
    """Pictures that are dropped on the page."""
    keep_picture(data, _folder() / "pictures")


TARGETS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "file names": (
        file_names,
        (b"cam03/2026-02-14_22-15-00.mp4", b"/a/20261025_023000+0200.mkv", b"ch 7/VID_20240229235960Z.mov"),
    ),
    "questions": (
        questions,
        (
            b'{"text": "a red car:2", "without": ["snow"], "then": ["a dog"], "within": [5.5], "limit": 3}',
            b'{"like": ["1@2.5", "b.mp4@1:02"], "paths": ["cam1/**"], "cameras": ["cam0[12]"], "page": "2@77"}',
            b'{"text": "x", "after": "2026-02-14", "before": "2026-02-15T22:15+01:00", "hours": "22:00-05:00"}',
            b'{"text": "x", "labels": ["scene=street"], "min_duration": 1e3, "min_confidence": 0.5}',
        ),
    ),
    "globs": (globs, (b"**", b"cam[!12]/**/a?b*.mp4", b"**/**/*a*a*a*.mkv", b"/archive/[a-z]*/[[]x")),
    "dates": (dates, (b"2026-02-14\n2026-02-15 22:15\n22:00-05:00", b"0001-01-01\n9999-12-31T23:59+14:00\n0:00-0:00")),
    "moments": (
        _from_file(read_moments, ".json"),
        (
            b'{"query": {"text": "a"}, "moments": [{"video": "/a.mp4", "start": 0.5, "end": 2, "peak": 1.5}]}',
            b'[{"video": "/a", "start": 0, "end": 1e9, "camera": null, "recorded_at": "2026-02-14T22:15:00+00:00"}]',
        ),
    ),
    "settings": (
        _from_file(settings.load, ".toml"),
        (b'density = "fast"\nworkers = 3\n', b'camera_pattern = "(?P<camera>c.)"\ntimezone = "Asia/Kolkata"\n'),
    ),
    "labels": (_from_file(read_labels, ".toml"), (b'[scene]\nstreet = "a street"\nnone = ["a", "b"]\n',)),
    "events": (
        _from_file(read_events, ".toml"),
        (b'[glow]\nprompts = ["red"]\ncounter = ["g"]\nthreshold = 0.2\n[glow.normal.yard]\ncameras = ["c*"]\n',),
    ),
    "pictures": (pictures, (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBP")),
}  # fmt: skip
"""Name -> parser, and examples to begin from."""


def check(name: str, data: bytes) -> bool:
    """Give `data` to a parser; whether it was taken. Anything but a sentence, or too long a time, is an error.

    Raises:
        AssertionError: it took too long, or the error has no sentence.
    """
    began = time.process_time()
    try:
        TARGETS[name][0](data)
        said, taken = "taken", True
    except FramescoutError as error:
        said, taken = str(error), False
    spent = time.process_time() - began
    assert said.strip(), "an error without a sentence"
    assert spent < SLOWEST, f"{name}: {spent:.1f} s for {data!r}"
    return taken
