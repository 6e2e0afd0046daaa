#!/usr/bin/env bash
# PyAV 18.1.0 (libdav1d): in AV1 `skip_frame` is read once, with the first packet; VP9 takes no notice of it at all.
#
# Expected: `codec_context.skip_frame` says which frames the decoder may pass over from now on. Set to "NONREF" or
# "NONKEY" to run quickly up to the moment that is looked for, and back to "DEFAULT" there, it gives all frames from
# then on. So do H.264, HEVC and MPEG-2, at each packet. PyAV's cookbook has "NONKEY" to get key frames only.
# Seen: AV1 keeps what held when the decoder was opened, which the first packet does: "NONKEY" and then "DEFAULT" gives
# key frames for ever, and a seek doesn't change it; set after the first packet it does nothing. The attribute reads
# as what was set last. VP9 decodes and gives every frame whatever is set. No error, no warning.
# Cost to a video search: frames that are looked for are not there: every other one, or all but one of 50, in AV1 alone.
# Whoever takes key frames only for an overview has all frames of a VP9 film decoded and kept. Only a container
# that is opened anew changes it; whether a frame is a key frame is to be asked of the frame.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "av==18.1.0" "imageio-ffmpeg==0.8.1"
venv/bin/python - <<'PYTHON'
import subprocess
import sys

import av
import imageio_ffmpeg

CODES = {
    "h264.mp4": ["libx264", "-bf", "2"],
    "hevc.mp4": ["libx265", "-x265-params", "log-level=none"],
    "mpeg2.mkv": ["mpeg2video", "-bf", "2"],
    "av1.mp4": ["libsvtav1", "-preset", "12"],
    "av1.mkv": ["libsvtav1", "-preset", "12"],
    "vp9.webm": ["libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"],
}
COUNT = 200


def frames(name, first, later, seek=False):
    """Count frames with skip_frame as first for the first packet and as later for all others."""
    with av.open(name) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        context.skip_frame = first
        count = 0
        for i, packet in enumerate(container.demux(stream)):
            count += len(packet.decode())
            if i == 0:
                context.skip_frame = later
                if seek:
                    container.seek(0)
                    return sum(1 for _ in container.decode(stream))
        assert context.skip_frame == later
        return count


print("version: PyAV", av.__version__, "libavcodec", ".".join(map(str, av.library_versions["libavcodec"])))
print(f"expected: {COUNT} frames for DEFAULT from the second packet on, and 4 to 6 key frames for NONKEY")
seen = {}
for name, code in CODES.items():
    source = ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={COUNT / 25}"]
    call = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, "-c:v", *code, "-g", "50", "-pix_fmt", "yuv420p"]
    subprocess.run([*call, name], check=True, stderr=subprocess.DEVNULL)
    seen[name] = {
        "DEFAULT": frames(name, "DEFAULT", "DEFAULT"),
        "NONKEY": frames(name, "NONKEY", "NONKEY"),
        "NONKEY, then DEFAULT": frames(name, "NONKEY", "DEFAULT"),
        "the same and a seek to 0": frames(name, "NONKEY", "DEFAULT", seek=True),
        "NONREF, then DEFAULT": frames(name, "NONREF", "DEFAULT"),
        "DEFAULT, then NONKEY": frames(name, "DEFAULT", "NONKEY"),
    }
    print(f"seen: {name}: {seen[name]}")
few = range(4, 7)


def follows(all_frames, key, back, back_sought, back_ref, away):
    return all_frames == back == back_sought == back_ref == COUNT and key in few and away in few


def stays(all_frames, key, back, back_sought, back_ref, away):
    return all_frames == away == COUNT and key == back == back_sought == 4 and back_ref < COUNT


same = (
    all(follows(*seen[name].values()) for name in ("h264.mp4", "hevc.mp4", "mpeg2.mkv"))
    and all(stays(*seen[name].values()) for name in ("av1.mp4", "av1.mkv"))
    and set(seen["vp9.webm"].values()) == {COUNT}
)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
