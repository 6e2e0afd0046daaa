import av
import pytest

from query.clips import export
from tests.footage import make
from tests.query.clips.footage import beeps, moment, shown

pytestmark = pytest.mark.usefixtures("each_ffmpeg")


def test_a_reel_shows_all_clips_one_after_the_other_with_their_sound(tmp_path):
    loud = make.numbered(tmp_path, "loud.mp4", audio=True)
    mute = make.rotated(tmp_path, "mute.mp4")
    small = make.numbered(tmp_path, "small.mkv", audio=True, size=(160, 120), rate=12.5)
    moments = [moment(loud, 1.5, 2.5), moment(mute, 0.5, 1.5), moment(loud, 1.5, 2.5), moment(small, 0.48, 1.48)]
    export(moments, tmp_path / "clips", reel=True)
    frames = shown(tmp_path / "clips" / "reel.mp4")
    numbers = [number for _, number in frames]
    assert [time for time, _ in frames] == pytest.approx([n / 25 for n in range(100)], abs=1e-3)
    assert numbers[:25] == numbers[50:75] == list(range(37, 62))
    assert numbers[25:50] == list(range(12, 37))
    assert numbers[75:] == sorted(2 * list(range(6, 19)))[:25]
    # each clip's tone begins with the frame that says so
    assert beeps(tmp_path / "clips" / "reel.mp4") == pytest.approx([0.52, 2.52, 3.52], abs=0.03)


def test_clips_of_another_shape_stand_centred_and_the_largest_sets_the_size(tmp_path):
    wide = make.numbered(tmp_path, "wide.mp4", size=(320, 180), seconds=1)
    tall = make.numbered(tmp_path, "tall.mp4", size=(242, 321 * 2), seconds=1)
    export([moment(wide, 0, 0.2), moment(tall, 0, 0.2)], tmp_path / "clips", reel=True)
    with av.open(str(tmp_path / "clips" / "reel.mp4")) as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert first.shape == (642, 242, 3)
    assert first[:240].max() < 30
    assert first[-240:].max() < 30
    assert first[300:340].mean() > 50


def test_each_clip_is_a_chapter_with_a_title(tmp_path):
    video = make.numbered(tmp_path, "a=b;#\n'c.mp4", seconds=2)
    export([moment(video, 0, 0.4), moment(video, 1, 1.4)], tmp_path / "clips", reel=True)
    with av.open(str(tmp_path / "clips" / "reel.mp4")) as container:
        chapters = container.chapters()
    assert [chapter["metadata"]["title"] for chapter in chapters] == ["a=b;#\n'c 0:00:00", "a=b;#\n'c 0:00:01"]
    assert float(chapters[1]["start"] * chapters[1]["time_base"]) == pytest.approx(0.4)
