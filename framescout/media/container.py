"""Opens a video file; all untrusted footage is read through here.

Only the file itself is opened: no network, no playlist, no file that another file names. Pictures beyond `max_pixels`
are refused before memory is taken for them. Errors of libav are raised as MediaError.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path

import av
import av.logging
import msgspec
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.error import FFmpegError
from av.format import Flags as FormatFlags
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framescout.errors import MediaError, Reason
from framescout.media.clocks import Stretch, stretches
from framescout.media.streams import films, needs_packets

PROCESSOR = "cpu"
MAX_PIXELS = 2**26
"""Pixels a picture may have unless the caller says otherwise: 8192 x 8192, twice an 8K frame."""

# Demuxers that read one self-contained file. Playlists and the like (hls, dash, concat, imf, image2) are left
# out because they open the files that they name.
DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,vvc,av1,obu,ivf,flv,live_flv,"
    "kux,asf,asf_o,ogg,mxf,dv,gif,apng,m4v,mjpeg,h263,h261,vc1,vc1test,dirac,cavsvideo,avs2,avs3,rm,nut,nsv,"
    "nuv,wtv,dhav,gxf,lxf,ty,pva,dxa,smjpeg,yuv4mpegpipe,ivr,film_cpk,mtv,roq,bink,smk,flic,amv,r3d,evc"
)
_FAILURES_IN_A_ROW = 8
# These containers store times of storage alone, or leave it to the writer which ones; libav's guesses of the others
# are one frame late, and of B-frames wrong.
_WITHOUT_PRESENTATION = frozenset({"avi", "asf", "mxf"})
_SAMPLED_PACKETS = 64
_GENERATE_TIMES = 0x0001  # AVFMT_FLAG_GENPTS, which PyAV sets


class OpenVideo(msgspec.Struct, dict=True):
    """A container and the stream in it that is the film, and what reading them has met so far."""

    path: str
    container: InputContainer
    stream: VideoStream
    start_offset: float
    """Seconds on the container's clock where a player shows 0:00."""
    other_films: int = 0
    """Further tracks of moving pictures, such as a second camera's."""
    is_stored_order: bool = False
    """Whether the times of the packets are those at which they are stored, though B-frames stand among them: the frame
    that is shown as number k has the time of packet number k."""
    stretches: tuple[Stretch, ...] = ()
    """Of a file whose clock begins anew somewhere; none of others."""
    shift: float = 0.0
    """Seconds that are added to times on the clock of the stretch that is being read."""
    damage: list[str] = msgspec.field(default_factory=list)
    """What libav said of each packet that could not be read or decoded, in order."""

    @cached_property
    def has_clock(self) -> bool:
        """Whether the container gives its frames times; elementary streams don't."""
        return FormatFlags.no_timestamps not in FormatFlags(self.container.format.flags)

    @cached_property
    def time_base(self) -> Fraction:
        """Seconds per tick of the stream's clock; of one frame where there is no clock."""
        if self.has_clock and self.stream.time_base:
            return self.stream.time_base
        return 1 / Fraction(self.stream.guessed_rate or 25)

    def seconds(self, ticks: int) -> float:
        """A PTS or DTS as seconds on a player's clock."""
        return ticks * self.time_base.numerator / self.time_base.denominator - self.start_offset + self.shift

    def packets(self) -> Iterator[Packet[VideoStream]]:
        """The stream's packets in the file's order; damage is noted and read past where that is possible."""
        failures = 0
        while failures < _FAILURES_IN_A_ROW:
            try:
                for packet in self.container.demux(self.stream):
                    if packet.size:
                        failures = 0
                        yield packet
            except FFmpegError as error:
                self.damage.append(_words(error))
                failures += 1
            except IndexError:  # PyAV stumbles at the end of a file in which streams appeared late
                return
            else:
                return

    def decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        """The frames that come out for this packet (None: those still held back); damage is noted."""
        try:
            return self.stream.codec_context.decode(packet)
        except FFmpegError as error:
            self.damage.append(_words(error))
            return []


@contextmanager
def open_video(path: str | Path, *, max_pixels: int = MAX_PIXELS, decode_on: str = PROCESSOR) -> Iterator[OpenVideo]:
    """Open the track of a local file that is the film (see `films`).

    Decoding uses one thread: an I-frame alone gains nothing from more.

    Args:
        decode_on: "cpu", or what libav calls a device that decodes ("cuda": NVDEC). Where it can't be had, or can't
            decode this codec, the processor does.

    Raises:
        MediaError: it can't be opened, has no picture, or its pictures have more than `max_pixels`; also for
            any libav error that the body of the `with` lets through.
    """
    name = os.path.abspath(path)  # noqa: PTH100 - surrogates and links are to stay as they are
    limits = {"protocol_whitelist": "file", "format_whitelist": DEMUXERS, "max_pixels": str(max_pixels)}
    try:
        if Path(name).stat().st_size == 0:
            raise MediaError(Reason.EMPTY)
        with _open(name, limits, decode_on) as container:
            tracks = _films_of_another(name, limits) if needs_packets(container) else _places(films(container))
            if not tracks:
                raise MediaError(Reason.NO_PICTURE)
            stream = container.streams[tracks[0]]
            assert isinstance(stream, VideoStream)
            _prepare(container, stream, max_pixels)
            start = container.start_time
            yield OpenVideo(
                name,
                container,
                stream,
                start / av.time_base if start is not None else 0.0,
                other_films=len(tracks) - 1,
                is_stored_order=_is_stored_order(name, limits, container, stream),
                stretches=_stretches(name, limits, container, stream),
            )
    except FFmpegError as error:
        raise _media_error(error) from error
    except OSError as error:
        raise MediaError(Reason.UNREADABLE, error.strerror or "") from error


def has_device(decode_on: str) -> bool:
    """Whether this machine has the GPU that libav calls so, with its driver."""
    if decode_on == PROCESSOR:
        return False
    try:
        HWAccel(decode_on).create(av.codec.Codec("h264", "r"))
    except (FFmpegError, NotImplementedError):
        return False
    return True


def _open(name: str, limits: dict[str, str], decode_on: str) -> InputContainer:
    container = _opened(name, limits, decode_on)
    if container.format.name in _WITHOUT_PRESENTATION:
        container.flags &= ~_GENERATE_TIMES
    return container


def _opened(name: str, limits: dict[str, str], decode_on: str) -> InputContainer:
    if decode_on != PROCESSOR:
        with suppress(FFmpegError):  # no GPU, or too little memory on it; what is wrong with the file shows below
            gpu = HWAccel(decode_on, allow_software_fallback=True)
            return av.open(name, mode="r", options=limits, metadata_errors="replace", hwaccel=gpu)
    return av.open(name, mode="r", options=limits, metadata_errors="replace")


def decodable(codec: str) -> bool:
    """Whether the bundled libraries have a decoder for `codec`, by libav's name of it."""
    try:
        av.codec.Codec(codec, "r")
    except (FFmpegError, ValueError):
        return False
    return True


def _films_of_another(name: str, limits: dict[str, str]) -> list[int]:
    """The films' places, found in a second container: packets that are read for it are lost to their container."""
    with _open(name, limits, PROCESSOR) as container:
        return _places(films(container))


def _places(streams: Iterable[VideoStream]) -> list[int]:
    return [stream.index for stream in streams]


def _is_stored_order(name: str, limits: dict[str, str], container: InputContainer, stream: VideoStream) -> bool:
    if container.format.name not in _WITHOUT_PRESENTATION or not stream.codec_context.has_b_frames:
        return False
    if container.format.name == "avi":
        return True
    with _open(name, limits, PROCESSOR) as another, suppress(FFmpegError, IndexError):
        packets = islice(another.demux(another.streams[stream.index]), _SAMPLED_PACKETS)
        return not any(packet.pts is not None and packet.pts != packet.dts for packet in packets)
    return True


def _stretches(
    name: str, limits: dict[str, str], container: InputContainer, stream: VideoStream
) -> tuple[Stretch, ...]:
    if container.format.name != "mpegts" or container.start_time is None:
        return ()
    status = Path(name).stat()
    return _known_stretches(name, (status.st_size, status.st_mtime_ns), tuple(limits.items()), stream.index)


@lru_cache(maxsize=256)
def _known_stretches(
    name: str, state: tuple[int, int], limits: tuple[tuple[str, str], ...], index: int
) -> tuple[Stretch, ...]:
    with _open(name, dict(limits), PROCESSOR) as another:
        stream = another.streams[index]
        assert isinstance(stream, VideoStream)
        rate = stream.guessed_rate or stream.average_rate or Fraction(25)
        return stretches(name, another, stream, (another.start_time or 0) / av.time_base, float(1 / rate))


def _prepare(container: InputContainer, stream: VideoStream, max_pixels: int) -> None:
    """One thread, and no picture beyond the limit."""
    if stream.codec_context is None:  # libav knows the container and not the codec
        raise MediaError(Reason.UNDECODABLE, "no decoder for its codec")
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"max_pixels": str(max_pixels)}
    if not stream.width:
        _refuse_oversize(container, stream)
    if stream.width * stream.height > max_pixels:
        raise MediaError(Reason.TOO_LARGE, f"{stream.width} x {stream.height} pixels")


def _refuse_oversize(container: InputContainer, stream: VideoStream) -> None:
    """libav forgets a size that it won't decode; only its log still says it."""
    level, skips_repeated = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)  # the file before may have had the same size
    try:
        with av.logging.Capture(local=True) as log, suppress(FFmpegError):
            next(container.demux(stream)).decode()
        sizes = [words for _, _, words in log if words.startswith("Picture size")]
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skips_repeated)
    if sizes:
        raise MediaError(Reason.TOO_LARGE, sizes[0].split()[2] + " pixels")


def _words(error: FFmpegError) -> str:
    return error.strerror or type(error).__name__


def _media_error(error: FFmpegError) -> MediaError:
    if isinstance(error, OSError) and not isinstance(error, ValueError | EOFError):
        return MediaError(Reason.UNREADABLE, _words(error))
    is_memory = isinstance(error, MemoryError)
    return MediaError(Reason.TOO_LARGE if is_memory else Reason.NOT_VIDEO, _words(error))
