import os
import sys

import pytest

from framescout.errors import MediaError, Reason
from framescout.media.container import open_video
from tests.footage import make


def reason_of(path, **options):
    with pytest.raises(MediaError) as caught, open_video(path, **options):
        pass
    return caught.value.reason


@pytest.mark.parametrize(
    ("maker", "reason"),
    [
        (make.empty, Reason.EMPTY),
        (make.garbage, Reason.NOT_VIDEO),
        (make.headless, Reason.NOT_VIDEO),
        (make.audio_only, Reason.NO_PICTURE),
        (make.audio_with_cover, Reason.NO_PICTURE),
        (make.huge, Reason.TOO_LARGE),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_file_that_is_no_usable_video_is_refused_with_its_reason(tmp_path, maker, reason):
    assert reason_of(maker(tmp_path)) is reason


def test_a_folder_and_a_missing_file_cannot_be_read(tmp_path):
    assert reason_of(tmp_path) is Reason.UNREADABLE
    assert reason_of(tmp_path / "gone.mp4") is Reason.UNREADABLE


def test_pictures_above_the_limit_are_refused_before_they_are_decoded(tmp_path):
    path = make.numbered(tmp_path, seconds=0.2)
    assert reason_of(path, max_pixels=320 * 240 - 1) is Reason.TOO_LARGE
    with open_video(path, max_pixels=320 * 240) as video:
        assert video.stream.width == 320


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.mp4", "ffconcat version 1.0\nfile '{}'\n"),
        ("playlist.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-VERSION:3\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"),
        ("session.mp4", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"),
    ],
)
def test_a_list_of_other_files_is_never_followed(tmp_path, name, text):
    inner = make.numbered(tmp_path, "inner.ts", seconds=0.4)
    (tmp_path / name).write_text(text.format(inner))
    assert reason_of(tmp_path / name) is Reason.NOT_VIDEO


def test_a_name_that_looks_like_a_protocol_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make.numbered(tmp_path, "plain.mp4", seconds=0.2).rename(tmp_path / "concat:a|b.mp4")
    with open_video("concat:a|b.mp4") as video:
        assert video.stream.width == 320


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_utf8_opens(tmp_path):
    path = make.numbered(tmp_path, seconds=0.2).rename(tmp_path / os.fsdecode(b"caf\xe9.mp4"))
    with open_video(path) as video:
        assert sum(len(video.decode(packet)) for packet in [*video.packets(), None]) == 5


def test_an_error_of_libav_inside_the_block_leaves_as_a_media_error(tmp_path):
    path = make.garbled(tmp_path)
    with pytest.raises(MediaError), open_video(path) as video:
        list(video.container.decode(video.stream))


def test_damage_is_noted_and_read_past(tmp_path):
    with open_video(make.garbled(tmp_path)) as video:
        frames = [frame for packet in video.packets() for frame in video.decode(packet)]
        assert len(frames) > 100
        assert video.damage
