import numpy as np
from PIL import Image

from query.clips import export
from query.clips.sheet import MOST, draw_sheet
from tests.footage import make
from tests.query.clips.footage import moment


def test_a_sheet_shows_the_picture_at_each_peak(tmp_path):
    video = make.coloured_shots(tmp_path)
    export([moment(video, 0, 2), moment(video, 4, 6)], tmp_path / "clips", sheet=True, mode="copy")
    sheet = np.asarray(Image.open(tmp_path / "clips" / "sheet.jpg")).astype(int)
    red = (sheet[..., 0] > 150) & (sheet[..., 1:].max(axis=2) < 90)
    blue = (sheet[..., 2] > 150) & (sheet[..., :2].max(axis=2) < 90)
    assert red.sum() > 40_000
    assert blue.sum() > 40_000
    assert np.flatnonzero(red.any(axis=0)).max() < np.flatnonzero(blue.any(axis=0)).min()


def test_a_sheet_holds_any_text_and_a_video_that_breaks(tmp_path):
    names = ["\n\x07" + "long " * 60, "\u202e漢字", "b\udcffd"]
    moments = [moment(make.garbage(tmp_path), 1, 2), *(moment(f"/gone/{name}.mp4", 1, 2) for name in names)]
    sheet = draw_sheet(moments, title="what " * 200)
    assert sheet.width < 2000


def test_a_sheet_has_an_end():
    short = draw_sheet([moment("/gone.mp4", 1, 2)] * MOST, title="")
    assert draw_sheet([moment("/gone.mp4", 1, 2)] * (MOST + 50), title="").size == short.size
