"""A few colours of a picture that was made before stand in for it on the page."""

from __future__ import annotations

import io
import json
import re
import shutil

import numpy as np
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from framescout.catalog import Catalog
from query.web.tints import COLUMNS, ROWS, jpeg, tint_in

ASKED = {"text": "a landscape", "collapse": False}


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_each_colour_is_the_mean_of_its_part(wide: int, high: int, seed: int) -> None:
    width, height = COLUMNS * wide, ROWS * high
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    found = tint_in(jpeg(Image.fromarray(pixels)))
    assert found
    size, colours = found.rsplit(":", 1)
    assert size == f"{width}:{height}"
    parts = pixels.reshape(ROWS, high, COLUMNS, wide, 3).mean((1, 3))
    told = np.frombuffer(bytes.fromhex(colours), np.uint8).reshape(ROWS, COLUMNS, 3)
    assert np.abs(told - parts).max() <= 1


def test_other_pictures_have_none() -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 36), "red").save(out, "JPEG", comment=b"framescout tint 1:2:zz")
    assert tint_in(out.getvalue()) is None
    assert tint_in(b"") is None


def test_a_page_has_the_colours_of_the_pictures_that_were_made(client: TestClient, served: Catalog) -> None:
    for width in (480, 960):  # those that cards ask for
        shutil.rmtree(served.cache_folder / "pictures", ignore_errors=True)
        cards = cards_of(client)
        assert not any("data-tint" in card for card in cards)
        moment = json.loads(re.findall("data-moment='([^']*)'", cards[1])[0])
        asked = {"at": moment["peak"], "width": width}
        made = client.get(f"/api/videos/{moment['video_id']}/picture", params=asked).content
        assert f'data-tint="{tint_in(made)}"' in cards_of(client)[1]


def cards_of(client: TestClient) -> list[str]:
    return re.findall(r'<li class="card.*?</button>', client.get("/", params=ASKED).text, re.DOTALL)
