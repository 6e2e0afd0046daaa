"""The whole engine over the demo's drawn landscapes, with the starter model."""

from __future__ import annotations

import shutil
from datetime import UTC
from pathlib import Path

import pytest

import framescout
import indexer
import query
from framescout.catalog import Catalog
from framescout.commands.demo import QUESTION
from framescout.commands.scenes import draw
from framescout.errors import NotAvailableError, UsageError
from query.answer import Answer
from query.engine import Engine
from query.request import Query


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory, towers: Path, landscapes: Path) -> Catalog:
    """Four videos: holiday (mountains, meadow, sunset; six seconds each), a night of cam01, a sunset, mountains."""
    folder = tmp_path_factory.mktemp("engine")
    shutil.copytree(landscapes, folder / "archive", dirs_exist_ok=True)
    shutil.copytree(towers, folder / "catalog" / "cache")
    made = framescout.open(folder / "catalog")
    indexer.index(made, [folder / "archive"])
    return made


def names(answer: Answer) -> list[str]:
    return [Path(moment.video).name for moment in answer.moments]


def test_a_sentence_finds_its_shot_and_nothing_around_it(catalog: Catalog) -> None:
    moment = query.search(catalog, QUESTION, limit=1).moments[0]
    assert Path(moment.video).name == "holiday.mp4"
    assert (moment.start, moment.end) == (6.0, 12.0)


def test_what_looks_the_same_is_one_moment_unless_all_are_asked_for(catalog: Catalog) -> None:
    once = query.search(catalog, "sunset over the sea", limit=1).moments[0]
    assert once.similar >= 1
    every = query.search(catalog, "sunset over the sea", limit=2, collapse=False)
    assert sorted(names(every)) == ["evening_at_the_sea.mp4", "holiday.mp4"]


def test_unwanted_things_make_a_moment_less_likely(catalog: Catalog) -> None:
    plain = {moment.keyframe_id: moment.confidence for moment in query.search(catalog, "mountains").moments}
    without = query.search(catalog, "mountains", without=["a meadow"])
    assert all(moment.confidence <= plain.get(moment.keyframe_id, 1.0) + 1e-4 for moment in without.moments)
    assert "mountain" in names(without)[0] or names(without)[0] == "holiday.mp4"


def test_all_sentences_must_hold_at_once(catalog: Catalog) -> None:
    both = query.search(catalog, "the sea", also=["the sun"], limit=1)
    assert names(both)[0] in ("evening_at_the_sea.mp4", "holiday.mp4")
    contradiction = query.search(catalog, "a green meadow", also=["a dark night"], limit=1)
    assert contradiction.moments[0].confidence < both.moments[0].confidence


def test_steps_are_found_in_their_order_and_in_no_other(catalog: Catalog) -> None:
    found = query.search(catalog, "mountains", then=["sunset over the sea"], within=[20.0], limit=1).moments[0]
    assert Path(found.video).name == "holiday.mp4"
    assert found.start == 0.0
    assert found.steps[0].time < 6.0 <= 12.0 <= found.steps[1].time < found.end
    reverse = query.search(catalog, "sunset over the sea", then=["mountains"], within=[20.0], limit=1).moments
    assert not reverse or reverse[0].confidence < found.confidence
    narrow = query.search(catalog, "mountains", then=["sunset over the sea"], within=[2.0], limit=1).moments
    assert not narrow or narrow[0].confidence < found.confidence


def test_a_picture_finds_what_it_shows(catalog: Catalog, tmp_path: Path) -> None:
    draw("meadow").resize((480, 270)).save(tmp_path / "meadow.jpg")
    answer = query.search(catalog, images=[str(tmp_path / "meadow.jpg")], limit=1)
    assert names(answer) == ["holiday.mp4"]
    assert 6.0 <= answer.moments[0].peak < 12.0
    together = query.search(catalog, "trees", images=[str(tmp_path / "meadow.jpg")], limit=1)
    assert names(together) == ["holiday.mp4"]


def test_a_place_finds_its_likes_and_not_itself(catalog: Catalog) -> None:
    answer = query.search(catalog, like=["holiday.mp4@14"], limit=1)
    assert names(answer) == ["evening_at_the_sea.mp4"]


def test_feedback_pulls_what_is_like_the_right_one_to_the_top(catalog: Catalog) -> None:
    first = query.search(catalog, "a landscape", collapse=False)
    right, wrong = first.moments[-1], first.moments[0]
    again = query.search(
        catalog, "a landscape", collapse=False, more_like=[right.keyframe_id], less_like=[wrong.keyframe_id]
    )

    def place(answer: Answer) -> int:
        """Of the moment that holds the right keyframe; another of its keyframes may be the peak."""
        return [
            moment.video_id == right.video_id and moment.start <= right.peak < moment.end for moment in answer.moments
        ].index(True)

    assert place(again) < place(first)


def test_pages_follow_each_other_and_stay_while_footage_is_added(
    catalog: Catalog, tmp_path: Path, towers: Path
) -> None:
    shutil.copytree(catalog.folder, tmp_path / "catalog")
    copied = framescout.open(tmp_path / "catalog")
    whole = query.search(copied, "a landscape", limit=6, collapse=False)
    first = query.search(copied, "a landscape", limit=2, collapse=False)
    archive = Path(whole.moments[0].video).parent
    shutil.copy(archive / "holiday.mp4", tmp_path / "more.mp4")
    with (tmp_path / "more.mp4").open("ab") as file:
        file.write(b"\0\0\0\x0cfreemore")
    indexer.index(copied, [tmp_path / "more.mp4"])
    seen, page = list(first.moments), first.next_page
    while page and len(seen) < len(whole.moments):
        answer = query.search(copied, "a landscape", limit=2, collapse=False, page=page)
        seen += answer.moments
        page = answer.next_page
    assert [moment.keyframe_id for moment in seen] == [moment.keyframe_id for moment in whole.moments]


def test_many_questions_at_once_get_the_answers_of_each_alone(catalog: Catalog) -> None:
    engine = Engine(catalog)
    questions = [Query("mountains"), Query("the sea", limit=2), Query("the night", cameras=("cam01",)),
                 Query("mountains", then=("the sea",)), Query("trees", without=("snow",))]  # fmt: skip
    assert engine.answer_all(questions) == [engine.answer(question) for question in questions]


def test_filters_are_applied_before_the_search(catalog: Catalog) -> None:
    zoned = Engine(catalog, zone=UTC)
    only = zoned.answer(Query("mountains", cameras=("CAM01",)))
    assert names(only)[0] == "cam01_20260214_221500.mp4"
    assert only.keyframes_searched < zoned.answer(Query("mountains")).keyframes_searched
    night = Query("mountains", after="2026-02-14", before="2026-02-15", hours="22:00-05:00")
    assert names(zoned.answer(night))[0] == "cam01_20260214_221500.mp4"
    assert zoned.answer(Query("mountains", hours="08:00-17:00")).moments == ()


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"text": "x", "cameras": ["cam9"]}, "cam9.*cam01"),
        ({"text": "x", "labels": ["scene=street"]}, "scene"),
        ({"like": ["nowhere.mp4@3"]}, "nowhere.mp4"),
        ({"like": ["*.mp4@3"]}, "4 videos"),
        ({"more_like": [10**9]}, "1000000000"),
    ],
)
def test_what_the_catalog_does_not_have_is_named(catalog: Catalog, asked: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        query.search(catalog, **asked)  # type: ignore[arg-type]


def test_files_that_are_no_pictures_are_named(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    draw("night").save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:2000])
    for name, error in (("text.jpg", UsageError), ("cut.png", UsageError), ("none.jpg", NotAvailableError)):
        with pytest.raises(error, match=name):
            query.search(catalog, images=[str(tmp_path / name)])


def test_a_moment_that_was_said_to_be_wrong_is_not_listed_again(catalog: Catalog) -> None:
    wrong = query.search(catalog, QUESTION, limit=1, collapse=False).moments[0]
    again = query.search(catalog, QUESTION, limit=100, collapse=False, less_like=[wrong.keyframe_id])
    assert again.moments
    assert not any(each.video_id == wrong.video_id and each.start <= wrong.peak < each.end for each in again.moments)


def test_a_later_page_knows_of_the_match_on_the_first(catalog: Catalog) -> None:
    first = query.search(catalog, QUESTION, limit=1, collapse=False)
    assert first.matched
    page, pages = first.next_page, 0
    while page:
        later = query.search(catalog, QUESTION, limit=1, collapse=False, page=page)
        assert later.matched
        page, pages = later.next_page, pages + 1
    assert pages > 2


def test_a_place_behind_the_end_is_refused(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match=r"'holiday.mp4' is 0:00:18.0 long"):
        query.search(catalog, "", like=["holiday.mp4@999"])
    assert query.search(catalog, "", like=["holiday.mp4@17"]).moments
