"""Cuts moments out as clips into one folder, and lists them in a manifest.

Everything is checked before anything is cut. A file appears only when it is complete. Nothing is overwritten without
leave. Clips that were finished before a failure stay and are listed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from framescout.errors import ClipError, MediaError, NotAvailableError, UsageError
from framescout.exported import note_exported
from framescout.progress import Progress, SilentProgress
from query.answer import Moment
from query.clips.clip import Clip

if TYPE_CHECKING:
    from query.clips.cut import Cut


def export(
    moments: Sequence[Moment],
    folder: str | Path,
    *,
    pad: float = 0.0,
    mode: Literal["precise", "copy"] = "precise",
    sound: Sequence[int] | None = None,
    reel: bool = False,
    overwrite: bool = False,
    edl: bool = False,
    otio: bool = False,
    mlt: bool = False,
    sheet: bool = False,
    still: bool = False,
    command: Sequence[str] = (),
    query: dict[str, Any] | None = None,
    progress: Progress | None = None,
    may_go_on: Callable[[], bool] = lambda: True,
) -> list[Clip]:
    """Cut the moments out as clips into `folder`, one each in the order given, and list them in a manifest.

    Args:
        moments: what to cut; moments that overlap stay clips of their own.
        folder: made where it isn't there. It may lie beside the footage; a source is never touched.
        pad: seconds to add on both sides, within the video.
        mode: "precise" encodes anew and begins with the very frame; "copy" copies the packets, quickly and
            without loss, and begins at the last key picture at or before the moment.
        sound: the tracks that go along, counted from 1 as they stand in the file; None: all of them.
        reel: also write all clips into one file, reel.mp4, with a chapter each.
        overwrite: replace files that are there, an earlier export's manifest too. Without it a folder that
            already holds an export, or any file of that name, is refused before anything is cut.
        edl: also write timeline.edl (CMX 3600).
        otio: also write timeline.otio (OpenTimelineIO).
        mlt: also write timeline.mlt (a project of MLT: Shotcut, Kdenlive).
        sheet: also write sheet.jpg, a contact sheet.
        still: also write the picture at each moment's peak, as PNG with the facts of its origin.
        command: the words of the command line that asks for this, for the manifest.
        query: what was asked, for the manifest.
        progress: is told of each clip.
        may_go_on: asked before each file; once it says False no further one is begun, and finished clips are listed.

    Raises:
        NotAvailableError: a video is gone, or the folder can't be written to.
        UsageError: a value makes no sense, or a file is there already.
        ClipError: a clip could not be cut; all others are, and are listed.
        DiskFullError: there is no space left; those before it stay and are listed.
    """
    from query.clips import cut, names

    if not 0 <= pad < float("inf"):
        raise UsageError(f"pad must be 0 seconds or more, not {pad}")
    cuts = cut.plan(moments, pad=pad, mode=mode, sound=sound)
    files = _names(cuts, mode)
    stills = [names.still_name(file) for file in files] if still else []
    asked = {names.REEL: reel and cuts, names.EDL: edl, names.OTIO: otio, names.MLT: mlt, names.SHEET: sheet and cuts}
    extras = [name for name, is_asked in asked.items() if is_asked]
    written = [names.MANIFEST_JSON, names.MANIFEST_CSV, *extras, *files, *stills]
    target = _prepare(Path(folder), written, overwrite)
    _claim(target, written, moments)

    told = progress or SilentProgress()
    told.found(len(cuts), 0)
    writer = _ClipWriter(target, mode, overwrite=overwrite, still=still)
    try:
        is_stopped = not writer.write_all(cuts, files, told, may_go_on)
    finally:
        # whatever stopped the run, what is finished is listed
        pairs = writer.finished()
        clips = [clip for _, clip in pairs]
        if clips or not cuts:
            _write_manifest(target, query, clips, _programs(mode) if clips else {}, command, overwrite)
    if is_stopped:
        return clips
    if clips or not cuts:
        _add_extras([target / name for name in extras], pairs, query, overwrite, told, may_go_on)
    _raise(writer.failures, len(cuts))
    return clips


def _names(cuts: Sequence[Cut], mode: Literal["precise", "copy"]) -> list[str]:
    """A name for each clip, all different."""
    from query.clips import names
    from query.clips.cut import ending

    taken = {names.key(name) for name in names.RESERVED}
    return [names.clip_name(each.moment.video, each.span.start, ending(each, mode), taken) for each in cuts]


def _raise(failures: Sequence[ClipError], count: int) -> None:
    if failures:
        others = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise ClipError(f"{failures[0]}{others}; {count - len(failures)} of {count} clips were cut")


def _claim(target: Path, written: Sequence[str], moments: Sequence[Moment]) -> None:
    """Refuse names of sources; note the others as exported, so that an index run passes them over."""
    from query.clips import cut, names

    cut.refuse_sources([target / name for name in [*names.RESERVED, *written]], moments)
    note_exported(target, written)


def _prepare(folder: Path, files: Sequence[str], overwrite: bool) -> Path:
    """Make the folder; refuse what would be overwritten."""
    target = folder.absolute()
    try:
        target.mkdir(parents=True, exist_ok=True)
        present = [name for name in files if os.path.lexists(target / name)]
    except OSError as error:
        raise NotAvailableError(f"{target} can't be used ({error.strerror}); name another folder") from error
    if present and not overwrite:
        what = "an export" if present[0].startswith("manifest") else "files of these names"
        raise UsageError(f"{target} already holds {what} ({present[0]}); name another folder, or allow overwriting")
    for name in present:
        if not (target / name).is_file():
            raise UsageError(f"{target / name} is no file that could be replaced; name another folder")
    return target


class _ClipWriter:
    """Writes the clips of one export, each with what it is and where it comes from."""

    def __init__(self, folder: Path, mode: Literal["precise", "copy"], *, overwrite: bool, still: bool) -> None:
        self._folder, self._overwrite, self._still = folder, overwrite, still
        self._mode: Literal["precise", "copy"] = mode
        self._sources: dict[str, str] = {}
        self._pairs: list[tuple[Cut, Clip]] = []
        self.failures: list[ClipError] = []
        """Why a clip could not be cut, of each that could not."""

    def write_all(
        self, cuts: Sequence[Cut], files: Sequence[str], told: Progress, may_go_on: Callable[[], bool]
    ) -> bool:
        """Write a clip a cut, by the names `files`; whether `may_go_on` let it come to the last one."""
        for each, file in zip(cuts, files, strict=True):
            if not may_go_on():
                return False
            told.started(file)
            try:
                self._write(each, file)
            except ClipError as error:
                self.failures.append(error)
            told.finished(file)
        return True

    def finished(self) -> list[tuple[Cut, Clip]]:
        """The clips whose files are there, in their order."""
        return [(cut, clip) for cut, clip in self._pairs if (self._folder / clip.file).exists()]

    def _write(self, cut: Cut, name: str) -> None:
        """Raises ClipError where it can't be cut."""
        from query.clips.atomic_files import atomic_file
        from query.clips.cut import perform
        from query.clips.evidence import sha256

        with atomic_file(self._folder / name, overwrite=self._overwrite) as partial:
            span = perform(cut, partial, self._mode)
            clip = Clip(name, span.start, span.end, cut.moment, cut.footage, sha256(partial), self._source(cut))
            # before the file gets its name: an interrupt in between must not leave a clip that is not listed
            self._pairs.append((cut, clip))
        if self._still:
            self._write_still(clip)

    def _write_still(self, clip: Clip) -> None:
        from query.clips.atomic_files import atomic_file
        from query.clips.names import still_name
        from query.clips.still import write_still

        with atomic_file(self._folder / still_name(clip.file), overwrite=self._overwrite) as partial:
            try:
                write_still(clip, partial)
            except MediaError as error:
                raise ClipError(f"{clip.moment.video}: no picture at {clip.moment.peak:.3f} s ({error})") from error

    def _source(self, cut: Cut) -> str:
        """The checksum of the video, read once."""
        from query.clips.evidence import sha256

        path = cut.moment.video
        if path not in self._sources:
            try:
                self._sources[path] = sha256(path)
            except OSError as error:
                raise ClipError(f"{cut.doing}: {error.strerror}") from error
        return self._sources[path]


def _programs(mode: Literal["precise", "copy"]) -> dict[str, str]:
    """What makes the clips, name -> version; a copy is made by libav inside PyAV, without the ffmpeg program."""
    import framescout

    ours = {"framescout": framescout.__version__}
    if mode == "copy":
        import av

        return ours | {"av": av.__version__}
    from framescout.media.ffmpeg import find_ffmpeg, version

    return ours | {"ffmpeg": version(), "ffmpeg_path": find_ffmpeg()}


def _write_manifest(
    target: Path,
    query: dict[str, Any] | None,
    clips: Sequence[Clip],
    programs: dict[str, str],
    command: Sequence[str],
    overwrite: bool,
) -> None:
    from query.clips import names
    from query.clips.atomic_files import write_text
    from query.clips.manifest import as_csv, as_json

    write_text(target / names.MANIFEST_CSV, as_csv(clips), overwrite=overwrite)
    write_text(target / names.MANIFEST_JSON, as_json(query, clips, programs, command), overwrite=overwrite)


def _add_extras(
    targets: Sequence[Path],
    pairs: Sequence[tuple[Cut, Clip]],
    query: dict[str, Any] | None,
    overwrite: bool,
    told: Progress,
    may_go_on: Callable[[], bool],
) -> None:
    """Write the files besides the clips, as long as it may go on."""
    for target in targets:
        if may_go_on():
            told.started(target.name)
            _write_extra(target, pairs, query, overwrite)
            told.finished(target.name)


def _write_extra(
    target: Path, pairs: Sequence[tuple[Cut, Clip]], query: dict[str, Any] | None, overwrite: bool
) -> None:
    """A file besides the clips; its name says which."""
    from query.clips import atomic_files, edl, mlt, names, otio, reel, sheet

    text = str((query or {}).get("text") or "")
    lists = {names.EDL: edl.as_edl, names.OTIO: otio.as_otio, names.MLT: mlt.as_mlt}
    if as_list := lists.get(target.name):
        atomic_files.write_text(target, as_list(pairs, title=text or "framescout"), overwrite=overwrite)
    else:
        with atomic_files.atomic_file(target, overwrite=overwrite) as partial:
            if target.name == names.REEL:
                reel.write_reel([each for each, _ in pairs], partial)
            else:
                sheet.write_sheet([clip.moment for _, clip in pairs], partial, title=text)
