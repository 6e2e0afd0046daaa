"""A few colours of a picture, which stand in for it on a page until it comes.

They are worked out once, when the picture is made, and lie in the comment of its JPEG.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

COLUMNS, ROWS = 4, 3
_HEAD = 256  # bytes of a file within which its comment stands
_COMMENT = re.compile(rb"framescout tint (\d+:\d+:[0-9a-f]{%d})" % (2 * 3 * COLUMNS * ROWS))


def jpeg(picture: Image) -> bytes:
    """A picture as JPEG, its tint in the comment."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82, comment=f"framescout tint {_tint(picture)}".encode())
    return out.getvalue()


def tint_in(jpeg: bytes) -> str | None:
    """'width:height:colours' of what `jpeg` wrote, colours row by row as RGB in hexadecimal; None of other files."""
    found = _COMMENT.search(jpeg, 0, _HEAD)
    return found[1].decode() if found else None


def _tint(picture: Image) -> str:
    from PIL import Image

    colours = picture.convert("RGB").resize((COLUMNS, ROWS), Image.Resampling.BOX)
    return f"{picture.width}:{picture.height}:{colours.tobytes().hex()}"
