"""How a model looks at a picture: at the whole of it, and at five overlapping windows where its folder says so.

A window has 0.6 of each side; four lie in the corners, one in the middle. Windows are pooled from the last map of a
convolutional tower's one pass, which costs next to nothing, or, where one looks closely, seen in passes of their own.
All becomes one vector. Which form is worth it is a matter of the model: docs/decisions/0012.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self

import msgspec

from framescout.errors import ModelNotAvailableError

LOOK = "framescout.json"
"""In a model's folder; without it a picture is looked at once, as a whole."""
_SIDE = 0.6
_CORNERS = ((0.0, 0.0), (1 - _SIDE, 0.0), (0.0, 1 - _SIDE), (1 - _SIDE, 1 - _SIDE), (0.5 - _SIDE / 2, 0.5 - _SIDE / 2))
WINDOWS = tuple((x, y, x + _SIDE, y + _SIDE) for x, y in _CORNERS)
"""(left, top, right, bottom), in shares of the picture's width and height."""
_LEAST_CROP = 32  # pixels: the stride of a usual tower


class Look(msgspec.Struct, frozen=True):
    """What a model's folder says of it; by default the whole picture alone."""

    windows: float = 0.0
    """Weight of the windows' mean vector, that of the whole picture being 1."""
    crops: int = 0
    """Pixels of a side at which a window is seen in a pass of its own, where one looks closely; 0 for never."""

    @classmethod
    def of_folder(cls, folder: Path | None) -> Self:
        """What the model in `folder` asks for.

        Raises:
            ModelNotAvailableError: the file says something else.
        """
        path = folder / LOOK if folder else None
        if path is None or not path.is_file():
            return cls()
        try:
            look = cls(**json.loads(path.read_bytes()))
            is_right = type(look.windows) in (int, float) and 0 <= look.windows <= 1 and type(look.crops) is int
        except (OSError, ValueError, TypeError):
            is_right = False
        if not is_right or (look.crops and (look.crops < _LEAST_CROP or not look.windows)):
            raise ModelNotAvailableError(
                f'{path} does not say how to look at pictures, as in {{"windows": 0.5, "crops": 160}}; '
                "mend it, or delete it"
            )
        return look


WHOLE = Look()


def pixels_of(window: tuple[float, float, float, float], width: int, height: int) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of a window in a map of this size; it lies inside, and is not empty."""
    left, right = (round(each * width) for each in window[::2])
    top, bottom = (round(each * height) for each in window[1::2])
    return left, top, max(right, left + 1), max(bottom, top + 1)
