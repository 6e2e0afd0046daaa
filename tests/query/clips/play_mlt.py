"""Plays an MLT project with MLT's library and writes its frames as raw RGB: PROJECT WIDTH HEIGHT RAW.

The frames are asked for one by one. Debian's `melt` 7.12 writes them from a thread of its own, and on a busy machine
it sometimes ends before that thread has begun, or waits for it without end.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_void_p
from pathlib import Path

RGB = 1  # mlt_image_rgb
SIGNATURES = {
    "mlt_factory_init": (c_void_p, [c_char_p]),
    "mlt_profile_init": (c_void_p, [c_char_p]),
    "mlt_factory_producer": (c_void_p, [c_void_p, c_char_p, c_char_p]),
    "mlt_producer_get_playtime": (c_int, [c_void_p]),
    "mlt_service_get_frame": (c_int, [c_void_p, POINTER(c_void_p), c_int]),
    "mlt_frame_get_image": (c_int, [c_void_p, POINTER(c_void_p), *[POINTER(c_int)] * 3, c_int]),
    "mlt_frame_close": (None, [c_void_p]),
}


def play(project: Path, width: int, height: int, raw: Path) -> None:
    mlt = ctypes.CDLL("libmlt-7.so.7")
    for name, (result, arguments) in SIGNATURES.items():
        getattr(mlt, name).restype, getattr(mlt, name).argtypes = result, arguments
    mlt.mlt_factory_init(None)
    profile = mlt.mlt_profile_init(None)  # the project's own takes its place as the project is read
    producer = mlt.mlt_factory_producer(profile, None, str(project).encode())
    with raw.open("wb") as out:
        for _ in range(mlt.mlt_producer_get_playtime(producer)):
            frame, image = c_void_p(), c_void_p()
            form, columns, rows = c_int(RGB), c_int(width), c_int(height)
            assert mlt.mlt_service_get_frame(producer, byref(frame), 0) == 0
            assert mlt.mlt_frame_get_image(frame, byref(image), byref(form), byref(columns), byref(rows), 0) == 0
            assert (form.value, columns.value, rows.value) == (RGB, width, height)
            out.write(ctypes.string_at(image, width * height * 3))
            mlt.mlt_frame_close(frame)


if __name__ == "__main__":
    play(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
