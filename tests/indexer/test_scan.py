import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.errors import NotAvailableError
from indexer.scan import is_video_head, own_name, scan
from tests.footage import make


def names(root, **options):
    return [str(Path(found.path).relative_to(root)) for found in scan([root], **options)]


def touch(root, *relative_paths, content=b"some bytes"):
    for relative in relative_paths:
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def root(tmp_path):
    return tmp_path.resolve()


def test_videos_are_found_in_the_order_of_their_names_with_size_and_time(root):
    touch(root, "b/2.mkv", "a.mp4", "b/1.AVI", "c.mov")
    found = list(scan([root]))
    assert names(root) == ["a.mp4", "b/1.AVI", "b/2.mkv", "c.mov"]
    facts = (root / "a.mp4").stat()
    assert (found[0].size_bytes, found[0].mtime_ns) == (facts.st_size, facts.st_mtime_ns)


def test_photographs_sound_and_sidecars_are_passed_over(root):
    touch(root, "photo.jpg", content=b"\xff\xd8\xff\xe0" + b"\0" * 50)
    touch(root, "photo.heic", content=b"\0\0\0\x18ftypheic" + b"\0" * 50)
    touch(root, "song.m4a", content=b"\0\0\0\x18ftypM4A " + b"\0" * 50)
    touch(root, "sound.wav", content=b"RIFF\0\0\0\0WAVEfmt ")
    touch(root, "a.srt", "a.json", "notes.txt", "Makefile")
    touch(root, "empty", content=b"")
    assert names(root) == []


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts", "flv", "wmv", "webm", "mxf", "h264", "mpg", "ogv"])
def test_a_video_is_known_by_its_first_bytes_whatever_its_name(root, suffix):
    codec = {
        "ogv": ("-c:v", "libtheora"),
        "webm": ("-c:v", "libvpx", "-deadline", "realtime"),
        "mpg": ("-c:v", "mpeg2video"),
        "mxf": ("-c:v", "mpeg2video"),
        "wmv": ("-c:v", "wmv2"),
    }.get(suffix, make.QUICK_X264)
    path = make.numbered(root, f"clip.{suffix}", seconds=0.4, codec=codec)
    path.rename(root / "recording.dat")
    assert names(root) == ["recording.dat"]


def test_a_transport_stream_with_time_codes_is_known_by_its_first_bytes():
    packet = b"\0\0\0\0\x47" + b"\xff" * 187
    assert is_video_head(packet * 4)
    assert not is_video_head(b"\0\0\0\0\x47" + b"\xff" * 500)


def test_broken_and_empty_files_with_a_videos_name_are_found_to_be_quarantined(root):
    make.empty(root)
    make.garbage(root)
    assert names(root) == ["empty.mp4", "garbage.mp4"]


def test_typescript_is_no_transport_stream(root):
    touch(root, "app.ts", content=b"export const answer: number = 42;\n")
    make.late_start(root, seconds=0.5)
    make.empty(root, "empty.ts")
    assert names(root) == ["empty.ts", "late_start.ts"]


def test_hidden_files_and_bins_are_passed_over_unless_they_are_named(root):
    touch(root, ".Trash/old.mp4", "._shadow.mp4", "$RECYCLE.BIN/x.mp4", "@eaDir/thumb.mp4", "kept.mp4")
    assert names(root) == ["kept.mp4"]
    assert [Path(found.path).name for found in scan([root / ".Trash"])] == ["old.mp4"]


def test_a_file_that_is_named_is_read_whatever_it_is_called(root):
    touch(root, "notes.txt")
    assert [Path(found.path).name for found in scan([root / "notes.txt"])] == ["notes.txt"]


def test_links_that_lead_in_circles_are_survived_and_each_name_comes_once(root):
    touch(root, "day/one.mp4")
    (root / "day" / "again").symlink_to(root)
    (root / "other").symlink_to(root / "day")
    (root / "two.mp4").symlink_to(root / "day" / "one.mp4")
    assert names(root) == ["day/one.mp4", "two.mp4"]


def test_a_folder_outside_is_followed_through_its_link(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere").resolve()
    touch(elsewhere, "far.mp4")
    (root / "link").symlink_to(elsewhere)
    assert [found.path for found in scan([root])] == [str(elsewhere / "far.mp4")]


def test_folders_inside_each_other_give_each_file_once(root):
    touch(root, "a/1.mp4", "2.mp4")
    assert len(list(scan([root / "a", root, root / "a" / "1.mp4"]))) == 2


def test_a_path_that_does_not_exist_is_named_before_anything_is_read(root):
    with pytest.raises(NotAvailableError, match="no-such-folder"):
        scan([root, root / "no-such-folder"])


def test_what_cannot_be_looked_into_is_reported_and_the_rest_is_read(root):
    touch(root, "a.mp4")
    (root / "lost.mp4").symlink_to(root / "nowhere")
    told = []
    assert names(root, unreadable=told.append) == ["a.mp4"]
    assert told == [str(root / "nowhere")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_reported(root):
    touch(root, "a.mp4", "closed/b.mp4")
    (root / "closed").chmod(0)
    told = []
    try:
        assert names(root, unreadable=told.append) == ["a.mp4"]
    finally:
        (root / "closed").chmod(0o700)
    assert told == [str(root / "closed")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_with_a_videos_name_does_not_hold_up_the_scan(root):
    os.mkfifo(root / "pipe.mp4")
    touch(root, "real.mp4")
    assert names(root) == ["real.mp4"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_utf8_survive(root):
    touch(root, os.fsdecode(b"caf\xe9.mp4"), content=b"x")
    (found,) = scan([root])
    assert os.fsencode(found.path).endswith(b"/caf\xe9.mp4")
    assert Path(found.path).read_bytes() == b"x"


def test_a_tree_deeper_than_calls_may_nest_is_walked(root):
    folder = root
    for _ in range(60):
        folder = folder / "d"
    folder.mkdir(parents=True)
    touch(folder, "deep.mp4")
    assert len(list(scan([root]))) == 1


def test_a_small_double_belongs_to_its_recording(root):
    touch(root, "GX010099.MP4", "GL010099.LRV", "GX010099.THM", "GOPR0001.MP4", "GOPR0001.LRV")
    touch(root, "DJI_0001.MP4", "DJI_0001.SRT", "VID_20260214_221500_00_001.insv", "LRV_20260214_221500_01_001.lrv")
    touch(root, "DJI_0001.LRF", "alone.LRF", content=b"\0\0\0\x18ftypisom" + b"\0" * 50)
    touch(root, "other/GL010099.LRV")  # its recording is not beside it
    assert names(root) == [
        "DJI_0001.MP4",
        "GOPR0001.MP4",
        "GX010099.MP4",
        "VID_20260214_221500_00_001.insv",
        "alone.LRF",
        "other/GL010099.LRV",
    ]
    assert [Path(found.path).name for found in scan([root / "GL010099.LRV"])] == ["GL010099.LRV"]


def test_a_link_that_is_named_keeps_its_name(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere").resolve()
    touch(elsewhere, "5512.mp4")
    (root / "take.mp4").symlink_to(elsewhere / "5512.mp4")
    (root / "again").symlink_to(root)
    assert [found.path for found in scan([root / "again" / "take.mp4"])] == [str(root / "take.mp4")]


def slowly(roots):
    """As `scan`, by the slow obvious way: each path asked anew for where it really lies."""
    named, found, entered = {own_name(root) for root in roots}, [], set()

    def visit(path):
        real, own = path.resolve(), own_name(path)
        if real.is_dir():
            if real not in entered:
                entered.add(real)
                for inside in sorted(real.iterdir()):
                    if not inside.name.startswith("."):
                        visit(inside)
        elif real.is_file() and own not in found and (own in named or path.suffix.lower() == ".mp4"):
            found.append(own)

    for root in roots:
        visit(root)
    return found


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_tree_is_walked_as_by_the_slow_obvious_way(tmp_path_factory, choose):
    root = tmp_path_factory.mktemp("tree").resolve()
    folders, files = [root], []
    for number in range(choose.randrange(14)):
        inside = choose.choice(folders)
        match choose.randrange(4):
            case 0:
                folders.append(inside / f"{choose.choice('abcx')}{number}.mp4")
                folders[-1].mkdir()
            case 1 | 2:
                files.append(
                    inside / f"{choose.choice(['.', '', 'B'])}{number}{choose.choice(['.mp4', '.MP4', '.txt'])}"
                )
                files[-1].write_text("text")
            case 3:
                link = inside / f"l{number}{choose.choice(['', '.mp4'])}"
                link.symlink_to(choose.choice([*folders, *files, root / "nowhere"]))
                files.append(link)
    roots = [choose.choice([root, *folders, *files]) for _ in range(choose.randrange(1, 4))]
    roots = [each for each in roots if each.exists()]
    assert [found.path for found in scan(roots)] == slowly(roots)
