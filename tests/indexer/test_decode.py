"""Decoding as a function: events come out in order, without a process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

import pytest
from msgspec.structs import replace

from framescout.errors import MediaError, Reason
from framescout.motion import Source
from indexer import decode as decoding
from indexer.decode import decode
from indexer.duplicates import DuplicateFilter
from indexer.events import Decoded, Ended, Failed, Job, Pictured, Probed, Reading
from indexer.key_pictures import PicturedKeyframe
from indexer.keyframes import read_keyframes
from indexer.probe import probe
from indexer.scan import scan
from indexer.workers import Limits
from tests.footage import make

LIMITS = Limits(max_pixels=2**24, memory_mib=1000, timeout=60.0, decode_on="cpu")


def job_of(path: Path) -> Job:
    (file,) = scan([path])
    return Job(5, file, "its hash", "thorough", (64, 48))


def said(events: Iterable[Decoded]) -> Iterator[Decoded]:
    """Without signs of life: how many there are is a matter of the machine's speed."""
    return (event for event in events if not isinstance(event, Reading))


def test_a_video_is_probed_then_pictured_then_ended(tmp_path: Path) -> None:
    path = make.coloured_shots(tmp_path)
    first, *pictured, last = said(decode(job_of(path), LIMITS))
    facts = probe(str(path))
    *keyframes, end = read_keyframes(str(path), facts, "thorough", (64, 48))
    duplicates = DuplicateFilter()
    wanted = [k for k in keyframes if isinstance(k, PicturedKeyframe) and duplicates.is_new(k.picture)]
    assert first == Probed(5, facts)
    assert isinstance(last, Ended)
    assert (last.key, last.end, last.motion.source) == (5, end, Source.SIZES)
    times = [event.keyframe.time for event in pictured if isinstance(event, Pictured)]
    assert times == [keyframe.time for keyframe in wanted]
    assert len(times) == len(pictured) == 4
    assert {event.key for event in pictured} == {5}


@pytest.mark.parametrize(
    ("maker", "reason"),
    [(make.garbage, Reason.NOT_VIDEO), (make.audio_only, Reason.NO_PICTURE), (make.huge, Reason.TOO_LARGE)],
)
def test_a_useless_file_is_an_event_and_no_exception(tmp_path: Path, maker: object, reason: Reason) -> None:
    (event,) = decode(job_of(maker(tmp_path)), LIMITS)  # type: ignore[operator]
    assert isinstance(event, Failed)
    assert (event.key, event.reason) == (5, reason)


def test_of_two_huge_files_of_one_size_the_second_fails_too(tmp_path: Path) -> None:
    for name in ("one.avi", "two.avi"):
        (event,) = decode(job_of(make.huge(tmp_path, name)), LIMITS)
        assert isinstance(event, Failed)
        assert event.reason is Reason.TOO_LARGE


def test_pictures_beyond_the_limit_fail(tmp_path: Path) -> None:
    (event,) = decode(job_of(make.numbered(tmp_path, seconds=1)), replace(LIMITS, max_pixels=100))
    assert isinstance(event, Failed)
    assert event.reason is Reason.TOO_LARGE


def test_trouble_on_the_way_comes_after_what_was_read_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def until_it_breaks(*given: object, **how: object) -> object:
        *keyframes, _ = read_keyframes(*given, **how)  # type: ignore[arg-type]
        yield from keyframes
        raise MediaError(Reason.UNDECODABLE, "of a sudden")

    monkeypatch.setattr(decoding, "read_keyframes", until_it_breaks)
    first, *pictured, last = said(decode(job_of(make.coloured_shots(tmp_path)), LIMITS))
    assert isinstance(first, Probed)
    assert len(pictured) == 4
    assert last == Failed(5, Reason.UNDECODABLE, "of a sudden")


def test_a_still_video_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_HEARTBEAT", -1.0)
    events = list(decode(job_of(make.still(tmp_path)), LIMITS))
    assert sum(isinstance(event, Pictured) for event in events) == 1
    read_to = [event.read_to for event in events if isinstance(event, Reading)]
    assert len(read_to) > 1
    assert read_to == sorted(read_to)


def test_two_videos_can_be_decoded_in_turn(tmp_path: Path) -> None:
    """No state is shared: events of two jobs, taken alternately, are those of each alone."""
    jobs = [job_of(make.coloured_shots(tmp_path)), job_of(make.numbered(tmp_path, seconds=4))]
    alone = [[type(event) for event in said(decode(job, LIMITS))] for job in jobs]
    in_turn: list[list[type]] = [[], []]
    for pair in zip_longest(*(said(decode(job, LIMITS)) for job in jobs)):
        for event, kinds in zip(pair, in_turn, strict=True):
            if event is not None:
                kinds.append(type(event))
    assert in_turn == alone
