"""What an export promises of its folder: nothing overwritten, nothing half there, everything listed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import pytest

import framescout
from framescout.errors import ClipError, NotAvailableError, UsageError
from framescout.exported import MARKER
from framescout.progress import SilentProgress
from query.clips import export
from tests.footage import make
from tests.query.clips.footage import moment, shown
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    return make.numbered(tmp_path_factory.mktemp("archive"), "cam01.mp4", audio=True)


def listed(folder: Path) -> list[str]:
    return [entry["file"] for entry in json.loads((folder / "manifest.json").read_text())["clips"]]


def visible(folder: Path) -> set[str]:
    """Without the marker by which an index run passes the folder over."""
    return {path.name for path in folder.iterdir()} - {MARKER}


def test_each_moment_is_a_clip_and_the_manifest_lists_them(video, tmp_path):
    moments = [moment(video, 2, 2.4), moment(video, 0.5, 1), moment(video, 0.6, 1.2)]
    clips = export(moments, tmp_path / "deep" / "clips", pad=0.1, query={"text": "a number"})
    assert [clip.moment for clip in clips] == moments
    assert listed(tmp_path / "deep" / "clips") == [clip.file for clip in clips]
    assert clips[0].file == "cam01_0-00-01.880.mp4"
    assert visible(tmp_path / "deep" / "clips") == {
        *listed(tmp_path / "deep" / "clips"),
        "manifest.json",
        "manifest.csv",
    }
    document = json.loads((tmp_path / "deep" / "clips" / "manifest.json").read_text())
    assert document["query"] == {"text": "a number"}
    assert document["clips"][1]["start"] == clips[1].start
    assert document["clips"][1]["peak"] == 0.75


def test_the_manifest_names_the_programs_that_made_the_clips(video, tmp_path):
    export([moment(video, 1, 1.2)], tmp_path / "precise")
    programs = json.loads((tmp_path / "precise" / "manifest.json").read_text())["programs"]
    said = subprocess.run([programs["ffmpeg_path"], "-version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"ffmpeg version {programs['ffmpeg']}")
    assert programs["framescout"] == framescout.__version__
    export([moment(video, 1, 1.2)], tmp_path / "copy", mode="copy")
    programs = json.loads((tmp_path / "copy" / "manifest.json").read_text())["programs"]
    assert programs == {"framescout": framescout.__version__, "av": av.__version__}


def test_no_moments_are_an_empty_manifest(tmp_path):
    assert export([], tmp_path, reel=True, edl=True, otio=True, sheet=True) == []
    assert listed(tmp_path) == []


@pytest.mark.parametrize("files", [0, 1, 2, 3])
def test_an_export_that_may_not_go_on_begins_no_further_file(video, tmp_path, files):
    moments, asked = [moment(video, 1, 1.3), moment(video, 2, 2.3)], iter(range(10))
    clips = export(moments, tmp_path / "clips", mode="copy", edl=True, otio=True, may_go_on=lambda: next(asked) < files)
    assert [clip.moment for clip in clips] == moments[:files]
    manifests = {"manifest.json", "manifest.csv"} if files else set()
    extras = {"timeline.edl"} if files == 3 else set()
    assert visible(tmp_path / "clips") == {clip.file for clip in clips} | manifests | extras
    assert not files or listed(tmp_path / "clips") == [clip.file for clip in clips]


def test_clips_of_one_name_and_second_never_meet(video, tmp_path):
    other = tmp_path / "b" / "CAM01.MP4"
    other.parent.mkdir()
    other.symlink_to(video)
    export([moment(video, 1, 1.2), moment(other, 1, 1.2), moment(video, 1, 1.2)], tmp_path / "c", mode="copy")
    names = listed(tmp_path / "c")
    assert len({name.casefold() for name in names}) == 3
    assert all((tmp_path / "c" / name).stat().st_size for name in names)


def test_a_folder_that_holds_an_export_is_refused_before_anything_is_cut(video, tmp_path):
    export([moment(video, 1, 1.2)], tmp_path, mode="copy")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UsageError, match="already holds an export"):
        export([moment(video, 2, 2.2)], tmp_path, mode="copy")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_of_a_clips_name_is_kept_unless_overwriting_is_asked_for(video, tmp_path):
    mine = tmp_path / "cam01_0-00-01.000.mp4"
    mine.write_text("mine")
    with pytest.raises(UsageError, match="allow overwriting"):
        export([moment(video, 1, 1.2)], tmp_path, mode="copy")
    assert mine.read_text() == "mine"
    export([moment(video, 1, 1.2)], tmp_path, mode="copy", overwrite=True)
    assert shown(mine)[0] == (0.0, 25)


def test_a_link_that_leads_nowhere_is_kept_too(video, tmp_path):
    link = tmp_path / "cam01_0-00-01.000.mp4"
    link.symlink_to(tmp_path / "unplugged" / "disk.mp4")
    with pytest.raises(UsageError, match="already holds"):
        export([moment(video, 1, 1.2)], tmp_path, mode="copy")
    assert link.is_symlink()


@pytest.mark.parametrize("name", ["cam01_0-00-01.000.mp4", "reel.mp4"])
def test_a_source_is_never_overwritten(video, tmp_path, name):
    source = tmp_path / name
    source.write_bytes(video.read_bytes())
    before = source.read_bytes()
    named = tmp_path / "cam01.mp4"
    named.symlink_to(source)
    with pytest.raises(UsageError, match="itself a video"):
        export([moment(named, 1, 1.2)], tmp_path, mode="copy", reel=True, overwrite=True)
    assert source.read_bytes() == before


def test_a_video_that_is_gone_is_named_before_anything_is_cut(video, tmp_path):
    with pytest.raises(NotAvailableError, match=r"gone\.mp4"):
        export([moment(video, 1, 1.2), moment(tmp_path / "gone.mp4", 1, 1.2)], tmp_path / "clips")
    assert not (tmp_path / "clips").exists()


def test_a_file_that_is_no_video_is_named_before_anything_is_cut(video, tmp_path):
    with pytest.raises(NotAvailableError, match=r"garbage\.mp4"):
        export([moment(video, 1, 1.2), moment(make.garbage(tmp_path), 1, 1.2)], tmp_path / "clips")
    assert not (tmp_path / "clips").exists()


@pytest.mark.parametrize("mode", ["precise", "copy"])
def test_where_a_clip_fails_midway_the_others_are_cut_and_listed(video, tmp_path, mode):
    second = tmp_path / "second.mp4"
    second.write_bytes(video.read_bytes())

    class Vanishing(SilentProgress):
        def started(self, path: str) -> None:
            if path.startswith("second"):
                second.unlink()

    moments = [moment(video, 1, 1.2), moment(second, 1, 1.2), moment(video, 2, 2.2)]
    with pytest.raises(ClipError, match=r"second\.mp4 at 0:00:01 can't be cut: .*No such file"):
        export(moments, tmp_path / "clips", mode=mode, progress=Vanishing())
    cut = ["cam01_0-00-01.000.mp4", "cam01_0-00-02.000.mp4"]
    assert visible(tmp_path / "clips") == {*cut, "manifest.json", "manifest.csv"}
    assert listed(tmp_path / "clips") == cut


@pytest.mark.parametrize("pad", [-1.0, float("nan"), float("inf")])
def test_a_senseless_padding_is_refused(video, tmp_path, pad):
    with pytest.raises(UsageError, match="pad"):
        export([moment(video, 1, 2)], tmp_path, pad=pad)


def test_a_folder_that_is_a_file_is_named(video, tmp_path):
    (tmp_path / "clips").write_text("")
    with pytest.raises(NotAvailableError, match="clips"):
        export([moment(video, 1, 2)], tmp_path / "clips")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_export_leaves_no_half_clip_under_a_final_name(video, tmp_path, blow):
    script = (
        "import sys\nfrom query.clips import export\nfrom tests.query.clips.footage import moment\n"
        "export([moment(sys.argv[1], n / 50, n / 50 + 2) for n in range(40)], sys.argv[2])"
    )
    command = [sys.executable, "-c", script, str(video), str(tmp_path / "clips")]
    child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    wait_until(lambda: len(list((tmp_path / "clips").glob("cam01*"))) >= 2, child)
    child.send_signal(blow)
    child.wait()
    finished = sorted((tmp_path / "clips").glob("cam01*"))
    assert len(finished) >= 2
    for clip in finished:
        assert len(shown(clip)) == 50
    if blow == signal.SIGINT:
        assert sorted(listed(tmp_path / "clips")) == [clip.name for clip in finished]
        assert [path.name for path in (tmp_path / "clips").glob(".*")] == [MARKER]


def test_importing_the_package_loads_nothing_heavy():
    script = "import sys, query.clips; print([m for m in ('av', 'ffmpeg', 'numpy', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
