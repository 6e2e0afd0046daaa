"""Draws four landscapes as the footage of `framescout demo`, so that it depends on nobody's photographs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

SIZE = (960, 540)
"""Width and height of a scene, in pixels."""
_WIDTH, _HEIGHT = SIZE
_Colour = tuple[float, float, float]


def draw(name: str) -> Image.Image:
    """The scene of this name in SCENES, always the same."""
    pixels = SCENES[name](np.random.default_rng(len(name)))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _clouds(random: np.random.Generator, height: int, width: int, octaves: int, keep: float) -> np.ndarray:
    """Fractal noise, (height, width) in [0, 1]: grids of random values, each twice as fine and `keep` as strong."""
    total, weight, weights = np.zeros((height, width)), 1.0, 0.0
    for octave in range(octaves):
        columns = 2 ** (octave + 2)
        grid = random.random((max(2, columns * height // width + 2), columns)).astype(np.float32)
        total += weight * np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC))
        weights += weight
        weight *= keep
    noise: np.ndarray = total / weights
    return noise


def _fade(top: _Colour, bottom: _Colour, height: int) -> np.ndarray:
    """From one colour to another, (height, width, 3)."""
    share = np.linspace(0, 1, height)[:, None, None]
    fade: np.ndarray = np.repeat(np.array(top) * (1 - share) + np.array(bottom) * share, _WIDTH, axis=1)
    return fade


def _mix(picture: np.ndarray, colour: _Colour, share: np.ndarray) -> np.ndarray:
    """`picture` with so much of `colour` laid over; `share` is (height, width) in [0, 1]."""
    mixed: np.ndarray = picture * (1 - share[..., None]) + np.array(colour) * share[..., None]
    return mixed


def _sunset(random: np.random.Generator) -> np.ndarray:
    horizon, sun = int(_HEIGHT * 0.58), _WIDTH * 0.62
    y, x = np.mgrid[0:horizon, 0:_WIDTH]
    from_sun = np.hypot(x - sun, y - horizon * 0.86)
    sky = _mix(_fade((60, 40, 90), (255, 150, 50), horizon), (255, 225, 140), np.exp(-from_sun / 120))
    sky[from_sun < 34] = (255, 244, 200)
    bands = ((_clouds(random, horizon, _WIDTH, 5, 0.55) - 0.5) * 4).clip(0, 1) * np.linspace(1, 0.2, horizon)[:, None]
    sky = _mix(sky, (120, 50, 60), bands * 0.5)
    depth = _HEIGHT - horizon
    waves = _clouds(random, depth * 4, _WIDTH, 7, 0.8)[::4]  # flat, as waves are from the shore
    y, x = np.mgrid[0:depth, 0:_WIDTH]
    glitter = np.exp(-np.abs(x - sun) / (20 + y * 0.45)) * (waves > 0.5)
    sea = _fade((190, 95, 50), (25, 25, 50), depth) * (0.75 + 0.5 * waves[..., None])
    return np.vstack([sky, _mix(sea, (255, 205, 120), glitter * 0.8)])


def _mountains(random: np.random.Generator) -> np.ndarray:
    picture = _fade((60, 120, 200), (190, 220, 245), _HEIGHT)
    y = np.arange(_HEIGHT)[:, None]
    for foot, rise, rock in ((0.62, 0.42, (120, 135, 165)), (0.78, 0.50, (75, 85, 105))):
        profile = _clouds(random, 8, _WIDTH, 7, 0.5)[4]
        profile = (profile - profile.min()) / np.ptp(profile)
        ridge = _HEIGHT * (foot - rise * profile)[None]
        grain = _clouds(random, _HEIGHT, _WIDTH, 7, 0.7)
        snow = (y - ridge) / _HEIGHT < 0.22 + 0.5 * (grain - 0.5)
        stone = np.array(rock) * (0.6 + 0.8 * grain[..., None])
        white = np.array((240, 245, 255)) * (0.75 + 0.35 * grain[..., None])
        picture = np.where((y > ridge)[..., None], np.where(snow[..., None], white, stone), picture)
    return picture


def _meadow(random: np.random.Generator) -> np.ndarray:
    horizon = int(_HEIGHT * 0.45)
    sky = _mix(
        _fade((80, 150, 230), (200, 225, 250), horizon),
        (250, 250, 250),
        ((_clouds(random, horizon, _WIDTH, 6, 0.55) - 0.5) * 5).clip(0, 1),
    )
    depth = _HEIGHT - horizon
    grass = _fade((90, 150, 60), (50, 120, 30), depth) * (0.6 + 0.8 * _clouds(random, depth, _WIDTH, 8, 0.9)[..., None])
    picture = np.vstack([sky, grass])
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    for middle, radius in ((160, 70), (300, 48), (760, 85), (860, 50)):
        trunk = (abs(x - middle) < radius * 0.09) & (y > horizon + radius * 0.2) & (y < horizon + radius * 0.85)
        picture[trunk] = (70, 50, 35)
        leaves = _clouds(random, _HEIGHT, _WIDTH, 8, 0.85)
        crown = np.hypot(x - middle, (y - (horizon - radius * 0.4)) * 1.1) + (leaves - 0.5) * 60 < radius
        picture[crown] = (np.array((30, 85, 25)) * (0.5 + 1.2 * leaves[..., None]))[crown]
    return picture


def _night_street(random: np.random.Generator) -> np.ndarray:
    image = Image.fromarray(_fade((8, 10, 25), (25, 25, 40), _HEIGHT).astype(np.uint8))
    canvas, horizon, center = ImageDraw.Draw(image), _HEIGHT * 0.5, _WIDTH / 2
    for is_right in (False, True):
        _houses(canvas, random, horizon, is_right=is_right)
    road = [(center - 30, horizon), (center + 30, horizon), (_WIDTH * 0.95, _HEIGHT), (_WIDTH * 0.05, _HEIGHT)]
    canvas.polygon(road, fill=(35, 35, 40))
    for near in np.linspace(0, 1, 6, endpoint=False):
        top, bottom = (horizon + (_HEIGHT - horizon) * part**1.5 for part in (near, near + 0.08))
        half = 1 + 4 * near
        wide = half * 1.4
        dash = [(center - half, top), (center + half, top), (center + wide, bottom), (center - wide, bottom)]
        canvas.polygon(dash, fill=(220, 220, 200))
    lights = [
        (center + side * 420 * 0.7**k, horizon - 190 * 0.7**k, 26 * 0.7**k, (255, 190, 90), 1.3)
        for k in range(5)
        for side in (-1, 1)
    ]
    for x, y, size in ((380.0, 430.0, 1.0), (560, 360, 0.6), (455, 320, 0.35)):
        lights += [(x + side * 28 * size, y, 16 * size, (255, 250, 225), 1.6) for side in (-1, 1)]
    for x, y, size in ((640, 430, 0.9), (540, 330, 0.4)):
        lights += [(x + side * 26 * size, y, 12 * size, (255, 30, 20), 1.5) for side in (-1, 1)]
    picture = np.asarray(image).astype(float)
    rows, columns = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    for x, y, reach, colour, strength in lights:
        picture += np.array(colour) * np.exp(-np.hypot(columns - x, rows - y) / reach)[..., None] * strength
    return picture


def _houses(canvas: ImageDraw.ImageDraw, random: np.random.Generator, horizon: float, *, is_right: bool) -> None:
    """A row of houses that grows smaller towards the middle, some windows lit."""
    offset = 0
    for number in range(6):
        small = 0.8**number
        width, height = int(150 * 0.72**number), int((380 - 60 * (number % 2)) * small)
        left = _WIDTH - offset - width if is_right else offset
        wall = (22 + 4 * number, 22 + 4 * number, 32 + 4 * number)
        canvas.rectangle((left, horizon - height * 0.75, left + width, horizon + height * 0.25), fill=wall)
        for y in range(int(horizon - height * 0.7), int(horizon + height * 0.1), max(6, int(26 * small))):
            for x in range(left + 6, left + width - 8, max(5, int(22 * small))):
                if random.random() < 0.45:
                    glass = (x, y, x + max(2.0, 9 * small), y + max(3.0, 13 * small))
                    bright = 0.6 + 0.4 * random.random()
                    canvas.rectangle(glass, fill=(int(255 * bright), int(210 * bright), int(120 * bright)))
        offset += width


SCENES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "sunset": _sunset,
    "mountains": _mountains,
    "meadow": _meadow,
    "night": _night_street,
}
