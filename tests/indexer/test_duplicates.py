import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from indexer.duplicates import DuplicateFilter
from indexer.keyframes import read_keyframes
from indexer.probe import probe
from tests.footage import make

SIDE = 260


def kept(*pictures):
    """The numbers of the pictures that show something new."""
    duplicates = DuplicateFilter()
    return [number for number, picture in enumerate(pictures) if duplicates.is_new(picture)]


def scene(seed=3):
    """A street-like scene of 1280x720: soft shapes of many tones."""
    coarse = np.random.default_rng(seed).integers(30, 200, (9, 16, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((1280, 720), Image.Resampling.BICUBIC)


def small(picture):
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX))


def noisy(picture, sigma, seed):
    noise = np.random.default_rng(seed).normal(0, sigma, (720, 1280, 3))
    return Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))


def with_person(picture, height=1 / 10, contrast=80, at=(700, 300)):
    tall = round(720 * height)
    result = np.asarray(picture).astype(int)
    rows, columns = slice(at[1], at[1] + tall), slice(at[0], at[0] + round(tall * 0.35))
    away = -contrast if result[rows, columns].mean() > 128 else contrast
    result[rows, columns] += away
    return Image.fromarray(result.clip(0, 255).astype(np.uint8))


def test_an_hour_of_a_still_scene_is_kept_once():
    assert kept(*(small(noisy(scene(), 8, seed)) for seed in range(8))) == [0]


def test_a_clock_in_the_picture_makes_no_new_scene():
    pictures = []
    for minute in range(8):
        picture = scene()
        font = ImageFont.load_default(19)  # 28 of 1080 lines
        ImageDraw.Draw(picture).text((25, 20), f"2026-02-14 22:{minute * 7:02d}:38", "white", font=font)
        pictures.append(small(picture))
    assert kept(*pictures) == [0]


@pytest.mark.parametrize("at", [(40, 40), (640, 330), (1200, 600)])
def test_a_small_person_who_walks_in_and_out_is_kept_and_so_is_the_scene_after(at):
    empty, visited = small(scene()), small(with_person(scene(), at=at))
    assert kept(empty, empty, visited, empty) == [0, 2, 3]


def test_a_slow_change_is_compared_with_the_kept_picture_and_not_followed_unseen():
    darker = [small(scene().point(lambda value, n=n: value * (1 - n / 100))) for n in range(40)]
    chosen = kept(*darker)
    assert 10 < len(chosen) < 40


def test_a_light_that_is_switched_is_new():
    assert kept(small(scene()), small(scene().point(lambda value: value * 0.9))) == [0, 1]


def test_different_scenes_are_all_kept():
    assert kept(*(small(scene(seed)) for seed in range(5))) == [0, 1, 2, 3, 4]


def test_a_still_video_is_stored_once_and_a_cut_list_once_a_shot(tmp_path):
    for path, expected in ((make.still(tmp_path), 1), (make.coloured_shots(tmp_path), 4)):
        *read, _ = read_keyframes(str(path), probe(str(path)), "thorough", (224, 224))
        assert len(read) > expected
        assert len(kept(*(keyframe.picture for keyframe in read))) == expected
