"""Some forty trials of the torture; `python -m tests.torture` does as many as you like."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from framescout.catalog.schema import NEWEST
from tests.torture.contents import compare, compare_between, contents
from tests.torture.scenes import SCENES, Scene, World, make_worlds
from tests.torture.trial import attempt, rehearse

TRIALS_OF_A_SCENE = {scene.name: max(1, round(30 * scene.weight / sum(s.weight for s in SCENES))) for scene in SCENES}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, towers: Path) -> World:
    return make_worlds(tmp_path_factory.mktemp("torture"), towers)


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_nothing_is_lost_where_framescout_is_killed(world: World, scene: Scene) -> None:
    rehearsal = rehearse(world, scene)
    assert len(set(rehearsal.points)) >= 5
    for number in range(TRIALS_OF_A_SCENE[scene.name]):
        outcome = attempt(world, rehearsal, random.Random(f"{scene.name}/{number}"))
        assert outcome.kills


def test_each_older_schema_has_its_upgrade_killed() -> None:
    upgrades = [scene.name for scene in SCENES if scene.name.startswith("upgrade")]
    assert upgrades == [f"upgrade from {revision:04}" for revision in range(1, int(NEWEST))]


def test_the_judge_sees_what_is_lost_changed_or_half_done(world: World) -> None:
    world.go_back_to("bare")
    world.run(world.index)
    after = contents(world.catalog / "catalog.sqlite")
    videos = [key for key in after if key[0] == "embeddings"]
    assert not compare(after, after).differences
    assert compare(after, after).same_bits == sum(len(after[key][2]) for key in videos)

    lacking = {key: value for key, value in after.items() if key != videos[0]}
    assert compare(lacking, after).differences == [f"lost: {' '.join(videos[0])}"]
    assert not compare_between(lacking, {}, after).differences  # a run may stop before it

    density, keyframes, rows = after[videos[0]]
    for wrong in ((density, keyframes, -rows), (density, keyframes[:-1], rows), ("fast", keyframes, rows)):
        assert len(compare_between({**after, videos[0]: wrong}, {}, after).differences) == 1
