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


def fake_ffmpeg(folder: Path, script: str) -> Path:
    path = folder / "ffmpeg"
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)
    return path


def test_the_tested_program_is_used_whatever_is_on_the_path(tmp_path, monkeypatch):
    fake_ffmpeg(tmp_path, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "imageio_ffmpeg" in program.find_ffmpeg()


@pytest.mark.parametrize("is_whole_path", [True, False])
def test_a_setting_names_another_program(tmp_path, monkeypatch, is_whole_path):
    fake = fake_ffmpeg(tmp_path, "print('ffmpeg version 5.0')")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("FRAMESCOUT_FFMPEG", str(fake) if is_whole_path else "ffmpeg")
    assert program.find_ffmpeg() == str(fake)
    assert program.version() == "5.0"
    program.choose_ffmpeg("")
    assert "imageio_ffmpeg" in program.find_ffmpeg()


def test_a_program_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("FRAMESCOUT_FFMPEG", "/nowhere/ffmpeg")
    with pytest.raises(FfmpegNotFoundError, match="the setting ffmpeg names '/nowhere/ffmpeg'"):
        program.find_ffmpeg()


def test_having_none_names_the_way_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(FfmpegNotFoundError, match="pip install imageio-ffmpeg"):
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


def test_a_full_disk_is_named_as_such(tmp_path):
    said = "import sys\nprint('av_interleaved_write_frame(): No space left on device', file=sys.stderr)\nexit(228)"
    program.choose_ffmpeg(str(fake_ffmpeg(tmp_path, said)))
    with pytest.raises(DiskFullError, match="free some space"):
        program.run(["-i", "x", "y"], doing="cam can't be cut")


def test_an_interrupt_leaves_no_child_behind(tmp_path, monkeypatch):
    """Ctrl-C arrives while we wait for what ffmpeg says."""
    slow = "import sys, time\nprint('begun', file=sys.stderr, flush=True)\ntime.sleep(60)"
    program.choose_ffmpeg(str(fake_ffmpeg(tmp_path, slow)))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "deque", interrupted)
    before = set(psutil.Process().children())
    with pytest.raises(KeyboardInterrupt):
        program.run(["-i", "x", "y"], doing="cutting")
    time.sleep(0.05)
    assert set(psutil.Process().children()) <= before
