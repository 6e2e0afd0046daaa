"""Pictures as they are to be seen: mirrored, turned, HDR as an ordinary screen shows it; alike wherever they show."""

import numpy as np
import pytest

from framescout.media.display import HLG, PQ, is_hdr, to_screen
from framescout.media.frames import picture_at
from indexer.keyframes import read_keyframes
from indexer.probe import probe
from query.clips import export
from tests.footage import make, reports
from tests.footage.make import read_number
from tests.query.clips.footage import moment

CORNERS = {
    "-display_hflip": ["blue", "red", "white", "green"],
    "-display_vflip": ["green", "white", "red", "blue"],
    "-display_rotation 90 -display_hflip": ["white", "blue", "green", "red"],
    "-display_rotation 90": ["blue", "white", "red", "green"],
}
"""How a picture with red, blue, green, white in its corners (row by row) is to look."""
COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 255, 0), "white": (255, 255, 255)}


def corners(picture: np.ndarray) -> list[str]:
    height, width = picture.shape[:2]
    places = [(y, x) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    seen = [picture[place].astype(int) for place in places]
    return [min(COLOURS, key=lambda name: np.abs(colour - COLOURS[name]).sum()) for colour in seen]


@pytest.mark.parametrize("matrix", CORNERS)
def test_a_mirrored_picture_is_mirrored_in_thumbnails_keyframes_and_clips(tmp_path, matrix):
    path = reports.four_corners(tmp_path, matrix.split())
    assert corners(np.asarray(picture_at(path, 0.5))) == CORNERS[matrix]
    first, *_ = read_keyframes(str(path), probe(str(path)), "balanced", (100, 100))
    assert corners(first.picture) == CORNERS[matrix]
    (clip,) = export([moment(path, 0.2, 0.8)], tmp_path / "clips")
    assert corners(np.asarray(picture_at(tmp_path / "clips" / clip.file, 0.2))) == CORNERS[matrix]


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_looks_alike_in_thumbnails_and_clips_and_near_what_it_was_made_of(tmp_path, transfer):
    path, original = reports.hdr(tmp_path, transfer)
    thumbnail = np.asarray(picture_at(path, 0.5)).astype(float)
    (clip,) = export([moment(path, 0.2, 0.8)], tmp_path / "clips")
    cut = np.asarray(picture_at(tmp_path / "clips" / clip.file, 0.2)).astype(float)
    assert np.abs(thumbnail - cut).mean() < 4
    first, *_ = read_keyframes(str(path), probe(str(path)), "balanced", (100, 100))
    assert np.abs(first.picture.mean(axis=(0, 1)) - thumbnail.mean(axis=(0, 1))).max() < 3
    spread = thumbnail.std(axis=2).mean() / original.std(axis=2).mean()
    assert spread > 0.6
    assert abs(thumbnail.mean() - original.mean()) < 30


@pytest.mark.parametrize("codec", ["ffv1", "libx265 -x265-params log-level=none:range=limited:crf=4"])
def test_grey_film_without_colour_planes_is_as_dark_and_bright_as_it_was_made(tmp_path, codec):
    """Infrared cameras write such: libswscale takes their 16 to 235 for 0 to 255."""
    bars = np.repeat(np.repeat(np.uint8([[0, 60, 128, 200, 255]]), 48, axis=1), 120, axis=0)
    planes = "scale=out_range=tv:out_color_matrix=bt709,format=yuv420p,extractplanes=y,setparams=range=tv"
    how = ["-vf", planes, "-c:v", *codec.split(), "-pix_fmt", "gray", "-g", "5"]
    path = make.encode(tmp_path / "grey.mkv", [np.repeat(bars[..., None], 3, axis=2)] * 50, how)
    first, *_ = read_keyframes(str(path), probe(str(path)), "balanced", (240, 120))
    (clip,) = export([moment(path, 0.2, 0.8)], tmp_path / "clips")
    cut = np.asarray(picture_at(tmp_path / "clips" / clip.file, 0.2))
    for picture in (np.asarray(picture_at(path, 0.5)), first.picture, cut):
        np.testing.assert_allclose(picture[60, 24::48, 1], bars[0, 24::48], atol=3)


def test_black_and_the_peak_of_hdr_are_black_and_white_on_the_screen():
    for transfer, peak in ((PQ, 0.7518), (HLG, 1.0)):
        assert is_hdr(transfer)
        greys = np.full((1, 1, 3), round(peak * 65535), np.uint16)
        assert to_screen(greys, transfer).min() >= 253
        assert to_screen(greys * 0, transfer).max() == 0


def test_a_small_picture_keeps_its_colours_in_a_large_reel(tmp_path):
    small = make.shots(tmp_path, "sd.mp4", pictures=[np.full((240, 320, 3), (255, 0, 0), np.uint8)], seconds=1)
    large = make.numbered(tmp_path, "hd.mp4", seconds=1, size=(1280, 720))
    export([moment(small, 0, 1), moment(large, 0, 1)], tmp_path / "clips", reel=True)
    middle = np.asarray(picture_at(tmp_path / "clips" / "reel.mp4", 0.5))[360, 640].astype(int)
    assert np.abs(middle - (255, 0, 0)).max() <= 4
    assert read_number(picture_at(tmp_path / "clips" / "reel.mp4", 1.5)) in range(11, 14)
