"""Clips of footage from public reports: nothing is lost, and lengths are the picture's."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest
from click.testing import CliRunner

from framescout.cli import main
from framescout.errors import ClipError, UsageError
from framescout.media.changes import Changes, changes_in
from framescout.media.container import open_video
from framescout.timeline import Span
from query.clips import export
from tests.footage import make, reports
from tests.query.clips.footage import beeps, moment, shown

pytestmark = pytest.mark.usefixtures("each_ffmpeg")


def loudest(path, stream):
    """(Hz, level of 1) of the loudest tone of a sound track."""
    with av.open(str(path)) as container:
        track = container.streams.audio[stream]
        sound = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in container.decode(track)])
        if np.abs(sound).max() > 1:
            sound = sound / 32768
        spectrum = np.abs(np.fft.rfft(sound))
        return spectrum.argmax() * track.rate / len(sound), float(np.abs(sound).max())


@pytest.mark.parametrize("mode", ["precise", "copy"])
def test_all_tracks_of_a_broadcast_recording_go_along_and_its_length_is_the_pictures(tmp_path, mode):
    path = reports.broadcast(tmp_path)
    (clip,) = export([moment(path, 1, 2)], tmp_path / "clips", mode=mode)
    with av.open(str(tmp_path / "clips" / clip.file)) as container:
        assert len(container.streams.audio) == 2
    assert [loudest(tmp_path / "clips" / clip.file, n)[0] for n in (0, 1)] == pytest.approx([440, 880], abs=8)
    if mode == "precise":
        assert len(shown(tmp_path / "clips" / clip.file)) == 25
        (listed,) = json.loads((tmp_path / "clips" / "manifest.json").read_text())["clips"]
        assert (listed["start"], listed["end"]) == pytest.approx((1.0, 2.0), abs=0.001)


def test_a_reel_lets_hear_the_channel_that_is_not_silent(tmp_path):
    path = reports.broadcast(tmp_path, tones=(0, 880))
    export([moment(path, 1, 2)], tmp_path / "clips", reel=True)
    assert loudest(tmp_path / "clips" / "reel.mp4", 0) == (pytest.approx(880, abs=8), pytest.approx(0.12, abs=0.1))


@pytest.mark.parametrize("name", ["early.ts", "early.mkv"])
def test_a_copy_from_the_first_moment_begins_with_the_first_picture(tmp_path, name):
    path = reports.early_sound(tmp_path, name)
    (clip,) = export([moment(path, 0, 1.5)], tmp_path / "clips", mode="copy")
    frames = shown(tmp_path / "clips" / clip.file)
    assert frames[0][1] == 0
    assert [number for _, number in frames] == list(range(len(frames)))


def test_a_clip_that_cant_be_cut_does_not_end_the_others(tmp_path):
    clockless = make.raw_h264(tmp_path)
    good = make.numbered(tmp_path)
    with pytest.raises(ClipError, match="without --copy; 1 of 2 clips were cut"):
        export([moment(clockless, 1, 2), moment(good, 1, 2)], tmp_path / "clips", mode="copy", edl=True)
    (listed,) = json.loads((tmp_path / "clips" / "manifest.json").read_text())["clips"]
    assert listed["video"] == str(good)
    assert (tmp_path / "clips" / listed["file"]).exists()
    assert (tmp_path / "clips" / "timeline.edl").exists()


@pytest.mark.parametrize("starts", [(0.0, 0.0, 0.0), (5000.0, 10.0, 0.0)])
def test_clips_of_a_file_with_several_clocks_begin_with_the_very_frame_and_have_its_sound(tmp_path, starts):
    path = reports.appended(tmp_path, starts=starts)
    with open_video(path) as video:
        zeros = [stretch.begins for stretch in video.stretches]
    moments = [moment(path, zeros[part] + 1.2, zeros[part] + 2.2) for part in (0, 1, 2)]
    clips = export(moments, tmp_path / "clips")
    for clip in clips:
        frames = [number for _, number in shown(tmp_path / "clips" / clip.file)]
        assert frames in ([*range(29, 54)], [*range(30, 55)])
        assert beeps(tmp_path / "clips" / clip.file) == [pytest.approx((50 - frames[0]) / 25, abs=0.06)]
    (across,) = export([moment(path, zeros[1] - 1.0, zeros[1] + 1.0)], tmp_path / "across")
    frames = [number for _, number in shown(tmp_path / "across" / across.file)]
    assert frames[0] in (74, 75)
    assert frames[-1] == 99


def test_a_change_of_the_sounds_layout_leaves_no_hole_in_clip_or_reel(tmp_path):
    path = reports.changed_layout(tmp_path)
    (clip,) = export([moment(path, 2, 6)], tmp_path / "clips", reel=True)
    first = shown(tmp_path / "clips" / clip.file)[0][1]
    for file in (clip.file, "reel.mp4"):
        numbers = [number for _, number in shown(tmp_path / "clips" / file)]
        assert numbers == [*range(first, 100), *range(len(numbers) - 100 + first)]
        assert len(numbers) in (100, 101)
        starts = beeps(tmp_path / "clips" / file)
        assert starts == pytest.approx([(50 - first) / 25 + n for n in range(4)], abs=0.08)


def test_mono_and_mixed_sound_is_cut_as_any_other(tmp_path):
    path = make.numbered(tmp_path, "mono.mkv", audio=True, options=("-c:a", "ac3", "-ac", "1"))
    (clip,) = export([moment(path, 1, 3)], tmp_path / "clips")
    assert beeps(tmp_path / "clips" / clip.file) == pytest.approx([0.0, 1.0], abs=0.05)


SMALL, LARGE = (320, 240), (640, 480)
FORMS = {
    "aac 2.0 to 5.1": [(SMALL, ("-ac", "2")), (SMALL, ("-ac", "6"))],
    "aac mono to stereo": [(SMALL, ("-ac", "1")), (SMALL, ("-ac", "2"))],
    "aac at another rate": [(SMALL, ("-ar", "44100")), (SMALL, ("-ar", "48000"))],
    "mp2 mono to stereo": [(SMALL, ("-c:a", "mp2", "-ac", "1")), (SMALL, ("-c:a", "mp2", "-ac", "2"))],
    "a larger picture": [(SMALL, ()), (LARGE, ())],
    "a smaller picture": [(LARGE, ()), (SMALL, ())],
    "both": [(LARGE, ("-ac", "2")), (SMALL, ("-ac", "6"))],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_change_of_form_inside_a_recording_leaves_no_hole_and_loses_no_frame(tmp_path, form):
    path = reports.changed_form(tmp_path, "tv.ts", FORMS[form])
    (clip,) = export([moment(path, 2, 7)], tmp_path / "clips", reel=True)
    frames = shown(tmp_path / "clips" / clip.file)
    numbers = [number for _, number in frames]
    first = numbers[0]
    assert first in (49, 50)
    assert numbers[: 100 - first] == list(range(first, 100))
    assert numbers[100 - first :] == list(range(len(numbers) - 100 + first))
    assert len(numbers) >= 124
    assert max(np.diff([time for time, _ in frames])) < 0.07
    in_reel = [number for _, number in shown(tmp_path / "clips" / "reel.mp4")]
    assert len(in_reel) == pytest.approx(len(numbers), abs=1)
    assert len(set(numbers) - set(in_reel)) <= 1  # the two parts' clocks meet within a frame's length
    for file in (clip.file, "reel.mp4"):
        assert beeps(tmp_path / "clips" / file) == pytest.approx([(50 - first) / 25 + n for n in range(5)], abs=0.08)
    with av.open(str(tmp_path / "clips" / clip.file)) as container:
        assert max(FORMS[form])[0] == (container.streams.video[0].width, container.streams.video[0].height)


def test_what_changes_within_a_stretch_is_told(tmp_path):
    path = reports.changed_form(tmp_path, "tv.ts", FORMS["both"])
    with open_video(path) as video:
        sound = video.container.streams.audio[0].index
        assert changes_in(video, Span(2, 7), [sound]) == Changes((LARGE, SMALL), frozenset({sound}))
    with open_video(path) as video:
        assert changes_in(video, Span(0.5, 3), [sound]) == Changes()


@pytest.mark.parametrize("mode", ["precise", "copy"])
def test_tracks_of_sound_can_be_chosen(tmp_path, mode):
    path = reports.broadcast(tmp_path, tones=(440, 880, 1320))

    def heard(name, sound):
        (clip,) = export([moment(path, 1, 2)], tmp_path / name, mode=mode, sound=sound, reel=sound is not None)
        with av.open(str(tmp_path / name / clip.file)) as container:
            tracks = len(container.streams.audio)
        return [loudest(tmp_path / name / clip.file, n)[0] for n in range(tracks)]

    assert heard("all", None) == pytest.approx([440, 880, 1320], abs=8)
    assert heard("third and first", (3, 1)) == pytest.approx([1320, 440], abs=8)
    assert heard("second", (2,)) == pytest.approx([880], abs=8)
    assert loudest(tmp_path / "second" / "reel.mp4", 0)[0] == pytest.approx(880, abs=8)
    assert heard("none", ()) == []
    with pytest.raises(UsageError, match=r"has 3 sound tracks, and no track 4"):
        export([moment(path, 1, 2)], tmp_path / "four", mode=mode, sound=(4,))


@pytest.mark.parametrize(("written", "tracks"), [("all", 2), ("none", 0), ("2", 1), ("2,1", 2)])
def test_the_command_line_chooses_tracks_of_sound(tmp_path, written, tracks):
    path = reports.broadcast(tmp_path)
    (tmp_path / "moments.json").write_text(json.dumps([{"video": str(path), "start": 1, "end": 1.4}]))
    at = ["export", "--from", str(tmp_path / "moments.json"), "--out", str(tmp_path / "clips"), "--copy"]
    done = CliRunner().invoke(main, [*at, "--sound", written])
    assert done.exit_code == 0, done.output
    with av.open(done.stdout.strip()) as container:
        assert len(container.streams.audio) == tracks
    assert CliRunner().invoke(main, [*at, "--sound", "first"]).exit_code == 2


@pytest.mark.parametrize("start", [2.0, 6.5])
def test_a_transport_stream_that_begins_at_0_loses_no_frame_where_its_sound_stays_behind(tmp_path, start):
    """ffmpeg 5 then takes the first picture's time for 0:00, 6 ms later."""
    path = reports.changed_layout(tmp_path)
    export([moment(path, start, start + 1)], tmp_path / "with")
    export([moment(path, start, start + 1)], tmp_path / "without", sound=())
    heard, silent = (
        [number for _, number in shown(next((tmp_path / each).glob("*.mp4")))] for each in ("with", "without")
    )
    assert silent == heard
    assert len(silent) == 25
