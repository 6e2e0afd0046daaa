#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8): the frames that come out when a decoder is emptied have the time NaN.
#
# Expected: `frame.time` is "the presentation time in seconds for this frame", or None where there is none. Each frame
# has its pts, so each has its time.
# Seen: a frame takes its time base from the packet that pushed it out. `stream.decode(None)`, which gives the last
# frames of a film with B-pictures, has no packet: `frame.time_base` is None there, and `frame.time` is NaN rather than
# None. `container.decode`, which empties the decoder by itself, gives the right times of the same frames.
# Cost to a video search: NaN passes every check for None, compares false with every bound, and makes every sum NaN. Who
# chooses frames by their time loses the last ones of each file, without an error. `frame.pts * stream.time_base` is
# right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "av==18.1.0" "imageio-ffmpeg==0.8.1"
venv/bin/python - <<'PYTHON'
import math
import subprocess
import sys

import av
import imageio_ffmpeg

film = "film.mp4"
source = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=1"]
command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, "-c:v", "libx264", "-bf", "2", film]
subprocess.run(command, check=True)

with av.open(film) as container:
    by_container = [frame.time for frame in container.decode(video=0)]
with av.open(film) as container:
    stream = container.streams.video[0]
    pushed, emptied = [], []
    for packet in container.demux(stream):
        if packet.size:
            pushed += stream.decode(packet)
    emptied += stream.decode(None)
    counted = [float(frame.pts * stream.time_base) for frame in [*pushed, *emptied]]

print("version: PyAV", av.__version__, "libavcodec", ".".join(map(str, av.library_versions["libavcodec"])))
print("expected: every frame has the time that its pts says:", counted[-3:])
print("seen: container.decode:", by_container[-3:])
print("seen: stream.decode(packet), then stream.decode(None):", [frame.time for frame in [*pushed, *emptied]][-3:])
same = (
    counted == by_container
    and len(emptied) > 0
    and all(math.isnan(frame.time) and frame.time_base is None for frame in emptied)
    and [frame.time for frame in pushed] == counted[: len(pushed)]
)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
