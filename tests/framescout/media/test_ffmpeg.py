import sys
import time
from pathlib import Path

import ffmpeg
import psutil
import pytest

from framescout.errors import ClipError, DiskFullError, FfmpegNotFoundError
from framescout.media import ffmpeg as program
from tests.footage import make

ODD_NAMES = ["-y.mp4", "a:b%03d.mp4", 'it\'s "q".mp4', "new\nline.mp4", "a,b;[0:v]\\.mp4", "http:x.mp4", "b\udcffd.mp4"]


@pytest.fixture
def fresh_search():
    """`find_ffmpeg` remembers what it found; a test that changes what is there starts and ends without that."""
    program.find_ffmpeg.cache_clear()
    yield
    program.find_ffmpeg.cache_clear()


def fake_ffmpeg(folder: Path, script: str) -> None:
    path = folder / "ffmpeg"
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)


@pytest.mark.usefixtures("fresh_search")
def test_the_program_on_the_path_comes_first(tmp_path, monkeypatch):
    fake_ffmpeg(tmp_path, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program.find_ffmpeg() == str(tmp_path / "ffmpeg")


@pytest.mark.usefixtures("fresh_search")
def test_the_program_of_imageio_ffmpeg_comes_next(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "imageio_ffmpeg" in program.find_ffmpeg()


@pytest.mark.usefixtures("fresh_search")
def test_having_neither_names_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(FfmpegNotFoundError, match="install ffmpeg"):
        program.find_ffmpeg()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_file_name_is_just_a_file_name(tmp_path, name):
    source = make.numbered(tmp_path, seconds=0.2).rename(tmp_path / name)
    target = tmp_path / f"out-{name}"
    program.run(ffmpeg.output(program.footage(source), program.file_url(target), c="copy"), doing="copying")
    assert target.stat().st_size > 1000


def test_a_playlist_that_names_another_file_is_not_followed(tmp_path):
    source = make.numbered(tmp_path, seconds=0.2)
    playlist = tmp_path / "innocent.mp4"
    playlist.write_text(f"ffconcat version 1.0\nfile {source.name}\n")
    with pytest.raises(ClipError):
        program.run(ffmpeg.output(program.footage(playlist), program.file_url(tmp_path / "o.mp4")), doing="cutting")


def test_a_failure_is_one_sentence_with_ffmpegs_reason(tmp_path):
    garbage = make.garbage(tmp_path)
    with pytest.raises(ClipError, match=r"^cam can't be cut: .*(Invalid data|moov)") as caught:
        program.run(
            ffmpeg.output(program.footage(garbage), program.file_url(tmp_path / "o.mp4")),
            doing="cam can't be cut",
        )
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("fresh_search")
def test_a_full_disk_is_named_as_such(tmp_path, monkeypatch):
    fake_ffmpeg(
        tmp_path,
        "import sys\nprint('av_interleaved_write_frame(): No space left on device', file=sys.stderr)\nexit(228)",
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DiskFullError, match="free some space"):
        program.run(["-i", "x", "y"], doing="cam can't be cut")


@pytest.mark.usefixtures("fresh_search")
def test_an_interrupt_leaves_no_child_behind(tmp_path, monkeypatch):
    """Ctrl-C arrives while we wait for what ffmpeg says."""
    fake_ffmpeg(tmp_path, "import sys, time\nprint('begun', file=sys.stderr, flush=True)\ntime.sleep(60)")
    monkeypatch.setenv("PATH", str(tmp_path))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "deque", interrupted)
    before = set(psutil.Process().children())
    with pytest.raises(KeyboardInterrupt):
        program.run(["-i", "x", "y"], doing="cutting")
    time.sleep(0.05)
    assert set(psutil.Process().children()) <= before
