"""What a browser gets of footage that it would show wrongly, or without sound, as it is."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest

from framescout.catalog.records import FileFacts, ReadEnd, Video
from framescout.media.footage import Footage, open_footage
from framescout.media.frames import picture_at
from framescout.recording import Rules
from query.web.footage import SHIFT, streamed, unheard, way_to_play
from tests.footage import make, reports


def facts_of(path: Path) -> tuple[Video, Footage]:
    with open_footage(path) as (_, facts):
        file = FileFacts(str(path), False, {}, 3.0, Rules("UTC"))
        video = Video(1, (file,), 3.0, "x", 25.0, facts.width, facts.height, facts.codecs[0], ReadEnd(3.0, True))
        return video, facts


def pictures(video: Video, facts: Footage, start: float, *, encode: bool) -> list[tuple[float, np.ndarray]]:
    data = b"".join(streamed(video, facts, start, encode=encode))
    with av.open(io.BytesIO(data)) as container:
        return [(frame.time - SHIFT, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def test_sound_that_browsers_do_not_decode_is_converted_and_said(tmp_path):
    ac3, aac = (
        make.numbered(tmp_path, f"{codec}.mp4", seconds=1, audio=True, options=("-c:a", codec))
        for codec in ("ac3", "aac")
    )
    video, facts = facts_of(ac3)
    assert (way_to_play(video, facts), unheard(facts)) == ("copy", "ac3")
    data = b"".join(streamed(video, facts, 0.0, encode=False))
    with av.open(io.BytesIO(data)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    video, facts = facts_of(aac)
    assert (way_to_play(video, facts), unheard(facts)) == ("file", None)


@pytest.mark.parametrize("encode", [False, True])
@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_sound_of_any_rate_is_heard_with_its_pictures_from_anywhere(tmp_path, rate, encode):
    video, facts = facts_of(make.numbered(tmp_path, seconds=8, audio=True, options=("-ar", str(rate))))
    data = b"".join(streamed(video, facts, 3.0, encode=encode))
    with av.open(io.BytesIO(data)) as container:
        heard = [(frame.time - SHIFT, np.abs(frame.to_ndarray()).max()) for frame in container.decode(audio=0)]
    assert heard[0][0] == pytest.approx(3.0, abs=0.05)
    assert heard[-1][0] > 7.8
    beeps = [time for time, loudest in heard if loudest > 0.3]  # the first tenth of every second
    assert {round(time) for time in beeps if time % 1 < 0.1} >= {4, 5, 6, 7}
    assert all(time % 1 < 0.15 or time % 1 > 0.95 for time in beeps)


@pytest.mark.parametrize("encode", [False, True])
def test_the_player_shows_the_film_and_not_the_cover_before_it(tmp_path, encode):
    video, facts = facts_of(reports.unmarked_cover(tmp_path, "cover.mp4"))
    assert way_to_play(video, facts) == "copy"
    frames = pictures(video, facts, 0.0, encode=encode)
    assert [make.read_number(picture) for _, picture in frames] == list(range(75))


@pytest.mark.parametrize("name", ["h264_b.avi", "h264_b.mxf", "hevc_b.mpg"])
def test_a_stream_of_footage_without_times_shows_each_frame_at_its_own(tmp_path, name):
    video, facts = facts_of(reports.without_times(tmp_path, name))
    assert way_to_play(video, facts) == "encode"
    seen = {make.read_number(picture): time for time, picture in pictures(video, facts, 1.0, encode=True)}
    assert set(range(25, 75)) <= seen.keys()
    assert all(time == pytest.approx(number / 25, abs=0.003) for number, time in seen.items())


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_looks_in_the_player_as_it_does_in_thumbnails(tmp_path, transfer):
    path, _ = reports.hdr(tmp_path, transfer)
    video, facts = facts_of(path)
    assert way_to_play(video, facts) == "encode"
    thumbnail = np.asarray(picture_at(path, 0.2)).astype(float)
    played = pictures(video, facts, 0.0, encode=True)[5][1].astype(float)
    assert np.abs(played.mean(axis=(0, 1)) - thumbnail.mean(axis=(0, 1))).max() < 4


def test_the_player_plays_on_where_the_clock_of_a_file_began_anew(tmp_path):
    video, facts = facts_of(reports.appended(tmp_path))
    begins = facts.stretches[2].begins
    seen = {make.read_number(picture): time for time, picture in pictures(video, facts, begins + 1.0, encode=True)}
    assert set(range(26, 100)) <= seen.keys()
    assert all(time - begins == pytest.approx(number / 25, abs=0.03) for number, time in seen.items())
