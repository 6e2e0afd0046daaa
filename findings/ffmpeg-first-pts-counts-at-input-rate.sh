#!/usr/bin/env bash
# FFmpeg 9.0.2: `first_pts` of the filter aresample counts in the sample rate of what comes in, not of what goes out.
#
# Expected: the manual gives the unit as one sample, and the sample rate that one gives the filter is the one it makes.
# So `aresample=48000:async=1:first_pts=240000` has sound begin at 240000 / 48000 = 5 s, whatever came in.
# Seen: sound of 22050 Hz begins at 240000 / 22050 = 10.9 s, and what lies before is dropped, without a warning. With
# sound of 48000 Hz it is right, so that nobody sees it who tries with that. Two filters after one another,
# `aresample=48000,aresample=async=1:first_pts=240000`, are right with both.
# Cost to a video search: a player's stream that begins in the middle of a film has no sound, or sound that begins
# later, for all footage whose rate is not the stream's: 44.1 kHz loses 9 % of the time before the start. A browser waits
# for sound where the head promises some, so that the picture stands still, too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "imageio-ffmpeg==0.8.1"
venv/bin/python - <<'PYTHON'
import re
import subprocess
import sys

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SECONDS, START, RATE = 30, 5, 48000
FIRST = START * RATE
ONE = f"aresample={RATE}:async=1:first_pts={FIRST}"
TWO = f"aresample={RATE},aresample=async=1:first_pts={FIRST}"


def first_time(rate: int, way: str) -> float:
    """When the sound begins that the filter makes of a tone of this rate, read from START on."""
    tone = ["-f", "lavfi", "-i", f"sine=sample_rate={rate}:duration={SECONDS}"]
    subprocess.run([FFMPEG, "-v", "error", "-y", *tone, "tone.wav"], check=True)
    read = ["-ss", str(START), "-copyts", "-i", "tone.wav", "-af", f"{way},ashowinfo", "-f", "null", "-"]
    said = subprocess.run([FFMPEG, "-hide_banner", *read], check=True, capture_output=True, text=True).stderr
    return float(re.findall(r"pts_time:([\d.]+)", said)[0])


print("version:", subprocess.run([FFMPEG, "-version"], capture_output=True, text=True).stdout.splitlines()[0])
print(f"expected: sound that is read from {START} s on begins at {START} s, whatever its rate")
seen = {(rate, way): first_time(rate, way) for rate in (22050, 44100, 48000) for way in (ONE, TWO)}
for (rate, way), begins in seen.items():
    print(f"seen: {rate} Hz by {way} begins at {begins:.2f} s")
same = all(
    abs(begins - (FIRST / rate if way == ONE else START)) < 0.05 for (rate, way), begins in seen.items()
)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
