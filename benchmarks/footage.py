"""Footage of known kinds, as long as wanted: a short piece is encoded once, the rest is joined on without re-encoding.

    python benchmarks/footage.py FOLDER [--minutes 3]

A slow flight over a fractal landscape under a sensor's noise. What was made lies in FOLDER and is not made again.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

_RATE = 25
_SHORTEST = 10  # seconds of a piece


@dataclass(frozen=True, slots=True)
class Kind:
    """How footage is encoded."""

    width: int
    height: int
    codec: str
    group: int
    """Frames from one I-frame to the next."""

    @property
    def seconds(self) -> int:
        """Of a piece: two groups at least, or all I-frames would look alike and be stored once."""
        return max(_SHORTEST, 2 * self.group // _RATE)

    @property
    def options(self) -> list[str]:
        """For ffmpeg; quick presets, as cameras' encoders are."""
        if self.codec == "hevc":
            keys = f"keyint={self.group}:min-keyint={self.group}:scenecut=0:log-level=none"
            return ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", keys, "-tag:v", "hvc1"]
        return ["-c:v", "libx264", "-preset", "veryfast", "-g", str(self.group), "-sc_threshold", "0"]


KINDS = {
    "1080p-h264": Kind(1920, 1080, "h264", 50),
    "1080p-h264-gop250": Kind(1920, 1080, "h264", 250),
    "1080p-h264-intra": Kind(1920, 1080, "h264", 1),
    "1080p-hevc": Kind(1920, 1080, "hevc", 50),
    "4k-h264": Kind(3840, 2160, "h264", 50),
    "4k-hevc": Kind(3840, 2160, "hevc", 50),
    "360p-h264-gop250": Kind(480, 360, "h264", 250),
    "240p-h264-gop250": Kind(320, 240, "h264", 250),
}


def make_footage(folder: Path, kind: str, minutes: float) -> Path:
    """A video of this kind, of about so many minutes."""
    from tests.footage.make import repeated  # not above, as in others here: decoding processes import the main file

    path = folder / f"{kind}-{minutes:g}min.mp4"
    if not path.exists():
        piece = _piece(folder, kind)
        repeated(folder, piece, max(1, round(minutes * 60 / KINDS[kind].seconds)), f"unfinished-{path.name}").rename(
            path
        )
    return path


def _piece(folder: Path, kind: str) -> Path:
    from tests.footage.make import ffmpeg

    path, how = folder / f"{kind}-piece.mp4", KINDS[kind]
    if not path.exists():
        # the landscape is computed for 1080 lines at most, which takes most of the time; the noise is as fine as can be
        size = f"{min(how.width, 1920)}x{min(how.height, 1080)}"
        end = _RATE * how.seconds
        scene = f"mandelbrot=s={size}:r={_RATE}:start_scale=0.5:end_scale=0.05:end_pts={end}"
        scene += f",scale={how.width}:{how.height},noise=alls=6:allf=t"
        unfinished = path.with_name(f"unfinished-{path.name}")
        source = ("-f", "lavfi", "-i", scene, "-t", str(how.seconds), "-pix_fmt", "yuv420p")
        ffmpeg(*source, *how.options, unfinished)
        unfinished.rename(path)
    return path


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--kind", choices=KINDS, action="append")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for kind in arguments.kind or KINDS:
        print(make_footage(arguments.folder, kind, arguments.minutes))


if __name__ == "__main__":
    main()
