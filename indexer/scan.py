"""Finds the video files below folders, in a fixed order; hashes and decodes nothing.

A file is taken for a video by the ending of its name or by its first bytes. The ending alone is enough: so an empty or
broken recording is found too, and quarantined later with its reason, and an archive that was read before costs one
`stat` a file. Of files with another ending the first bytes are read: recorders use endings such as `.dat`, and people
rename files. A link to a file is another name of it, with a place of its own in the archive.

Photographs, sound, sidecars and what systems hide are passed over: names that begin with a dot (`.Trash`, the `._x.mp4`
shadows of macOS), and the bins and thumbnail folders of Windows and of storage boxes. A file that a person names is
read whatever its name. Passed over, too: what an export of framescout wrote, and the small double (`.LRV`, `.LRF`) that
a camera writes beside a recording.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from framescout.errors import NotAvailableError
from framescout.exported import MARKER, exported_in
from framescout.media.transport import HEAD_BYTES, packet_lengths

_VIDEO_NAMES = (
    "264 265 3g2 3gp amv asf av1 avc avi dav dif divx dv dvr-ms f4v flv gxf h264 h265 hevc insv ivf lrv m1v m2t"
    " m2ts m2v m4v mj2 mjpeg mjpg mkv mov mp4 mpe mpeg mpg mpv mts mxf nsv nut obu ogm ogv qt rm rmvb trp ts vob"
    " webm wmv wtv"
)
VIDEO_SUFFIXES = frozenset(f".{name}" for name in _VIDEO_NAMES.split())
_ALSO_SOURCE_CODE = frozenset({".ts", ".mts"})  # TypeScript: a video there is no text
_OTHER_NAMES = "aac aif aiff ape crdownload flac m4a m4b mka mp3 oga opus part wav weba wma"  # sound, half files
_NEVER_VIDEO = frozenset(f".{name}" for name in _OTHER_NAMES.split())
_BY_NAME_ALONE = VIDEO_SUFFIXES - _ALSO_SOURCE_CODE
_SYSTEM_FOLDERS = frozenset(
    {"$recycle.bin", "system volume information", "@eadir", "@recycle", "#recycle", "lost+found"}
)
_RECORDINGS_WITH_DOUBLES = (".mp4", ".mov", ".insv", ".360")
_MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_STILL_OR_SOUND_BRANDS = frozenset(
    {b"M4A ", b"M4B ", b"M4P ", b"avif", b"crx ", b"heic", b"heif", b"heix", b"jp2 ", b"jpx ", b"mif1"}
)
_MAGIC = (
    b"\x1aE\xdf\xa3",  # EBML: Matroska, WebM
    b"FLV\x01",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01",  # MXF, closed or open
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG-1 and MPEG-2 elementary streams
    b"\x00\x00\x01\xb0",  # MPEG-4 elementary stream
    b"\x00\x00\x00\x01\x67",  # H.264 elementary stream: a sequence parameter set
    b"\x00\x00\x00\x01\x27",
    b"\x00\x00\x00\x01\x09",  # H.264 with access unit delimiters
    b"\x00\x00\x01\x67",
    b"\x00\x00\x00\x01\x40\x01",  # HEVC elementary stream: a video parameter set
    b"\x00\x00\x00\x01\x46\x01",
    b"\x1f\x07\x00",  # DV
    b"DKIF",  # IVF
    b".RMF",
    b"DHAV",
    b"nut/multimedia container",
    b"\xb7\xd8\x00\x20\x37\x49\xda\x11",  # WTV
)


class VideoFile(NamedTuple):
    """A file that should be a video, as the file system knows it."""

    path: str
    """Absolute; no folder in it is a link. Undecodable bytes as surrogates (os.fsdecode)."""
    size_bytes: int
    mtime_ns: int


def is_as_found(file: VideoFile) -> bool:
    """Whether the file has not changed since the scan."""
    try:
        now = Path(file.path).stat()
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns) == (file.size_bytes, file.mtime_ns)


def scan(paths: Iterable[str | Path], *, unreadable: Callable[[str], object] | None = None) -> Iterator[VideoFile]:
    """The video files below `paths`, each once, folder by folder in the order of their names.

    `unreadable` is told the path of each folder, link or file that can't be looked into.

    Raises:
        NotAvailableError: one of `paths` doesn't exist; before anything is read.
    """
    roots = [os.fsdecode(path) for path in paths]
    for root in roots:
        if not os.path.exists(root):  # noqa: PTH110 - a Path would refuse no name, but says no more
            raise NotAvailableError(f"There is no file or folder {root}; check the path, or mount the disk.")
    return _Scan(unreadable or _ignore, roots).walk()


def is_video_head(head: bytes) -> bool:
    """Whether a file that begins with these bytes (1024 are enough) is a video by its container's marks."""
    if head[4:8] in _MP4_BOXES:
        return not (head[4:8] == b"ftyp" and head[8:12] in _STILL_OR_SOUND_BRANDS)
    if head[:4] == b"RIFF":
        return head[8:12] in {b"AVI ", b"AVIX", b"AMV "}
    if head[:4] == b"OggS":
        return any(mark in head for mark in (b"\x80theora", b"BBCD", b"OVP80", b"\x01video"))
    return head.startswith(_MAGIC) or bool(packet_lengths(head))


class _Scan:
    """A walk over folders. What it does for each file counts: an archive has millions, and most were there before."""

    def __init__(self, unreadable: Callable[[str], object], roots: list[str]) -> None:
        self._unreadable = unreadable
        self._roots = roots
        self._named = {own_name(root) for root in roots}
        self._found: set[str] = set()  # of those that are named, which may lie in a folder that is named too
        self._folders: set[tuple[int, int]] = set()  # device and inode: links may lead in circles
        self._open: list[Iterator[os.DirEntry[str]]] = []  # folders that are being read, the innermost last

    def walk(self) -> Iterator[VideoFile]:
        """Depth first; a stack in place of recursion, since folders may be nested deeper than calls."""
        for root in self._roots:
            file = self._look_at(root, None)
            if file:
                yield file
            while self._open:
                depth = len(self._open)
                for entry in self._open[-1]:
                    file = self._look_at(entry.path, entry)
                    if file:
                        yield file
                    elif len(self._open) > depth:
                        break
                else:
                    self._open.pop()

    def _look_at(self, path: str, entry: os.DirEntry[str] | None) -> VideoFile | None:
        """The file, if it is wanted; a folder is opened. `entry`: of a folder that has no link in its path."""
        real = path
        try:
            # asking for each folder on the way costs more than all the rest: only where there can be a link
            if may_be_link := entry is None or entry.is_symlink():
                real = os.path.realpath(path)
            facts = os.stat(real)  # noqa: PTH116 - surrogates and speed
            if stat.S_ISDIR(facts.st_mode):
                self._enter(real, facts)
                return None
            shown = own_name(path) if may_be_link else path
            if stat.S_ISREG(facts.st_mode) and self._is_wanted(shown, facts.st_size):
                return VideoFile(shown, facts.st_size, facts.st_mtime_ns)
        except OSError:
            self._unreadable(real)
        return None

    def _is_wanted(self, path: str, size: int) -> bool:
        if path in self._named:
            is_new = path not in self._found
            self._found.add(path)
            return is_new
        return path[path.rfind(".") :].lower() in _BY_NAME_ALONE or _is_video(path, size)

    def _enter(self, folder: str, facts: os.stat_result) -> None:
        """Go on with what is in it, in the order of names; `folder` has no link in it."""
        if (facts.st_dev, facts.st_ino) in self._folders:
            return
        self._folders.add((facts.st_dev, facts.st_ino))
        with os.scandir(folder) as read:
            entries = sorted(read, key=attrgetter("name"))
        names = {entry.name for entry in entries}
        passed_over = doubles_in(names) | (exported_in(folder) if MARKER in names else set())
        self._open.append(each for each in entries if each.name not in passed_over and not _is_hidden(each.name))


def own_name(path: str) -> str:
    """The path of a file by its own name, a link's too, with no link among its folders."""
    folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100
    return os.path.join(os.path.realpath(folder), name)  # noqa: PTH118


def doubles_in(names: Iterable[str]) -> set[str]:
    """The names that are small doubles of a recording among them.

    GoPro writes GL010099.LRV beside GX010099.MP4, DJI DJI_0001.LRF beside DJI_0001.MP4, Insta360
    LRV_20260214_221500_01_001.lrv beside VID_20260214_221500_00_001.insv.
    """
    doubles = [name for name in names if name.lower().endswith((".lrv", ".lrf"))]
    if not doubles:
        return set()
    recordings = {_take(name) for name in names if name.lower().endswith(_RECORDINGS_WITH_DOUBLES)}
    return {name for name in doubles if _take(name) in recordings}


def _take(name: str) -> str:
    """What a recording's name and its double's have in common."""
    stem = name.rpartition(".")[0].lower()
    if gopro := re.fullmatch(r"g[hlx](\d{6})", stem):
        return f"g{gopro[1]}"
    if insta := re.fullmatch(r"(?:vid|lrv|pro_vid|pro_lrv)_(\d{8}_\d{6})_\d\d_(\d{3})", stem):
        return f"insta {insta[1]} {insta[2]}"
    return stem


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _SYSTEM_FOLDERS


def _is_video(path: str, size: int) -> bool:
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122
    if suffix in _NEVER_VIDEO:
        return False
    if suffix in VIDEO_SUFFIXES and (suffix not in _ALSO_SOURCE_CODE or size == 0):
        return True
    if size == 0:
        return False
    with open(path, "rb") as file:  # noqa: PTH123
        head = file.read(HEAD_BYTES)
    return is_video_head(head) or (suffix in _ALSO_SOURCE_CODE and not _is_text(head))


def _is_text(head: bytes) -> bool:
    return not any(byte < 32 and byte not in b"\t\n\r\f" for byte in head)


def _ignore(path: str) -> None:
    """For callers who don't ask what can't be read."""
