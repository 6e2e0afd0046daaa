"""Twelve trials with servers that are hurt; `python -m tests.torture.servers` does as many as you like."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.servers import HURTS, World, attempt, make_world

MOMENTS = (0, 1, 3)
"""Videos that are committed when it happens."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, towers: Path) -> World:
    return make_world(tmp_path_factory.mktemp("servers"), towers)


@pytest.mark.slow
@pytest.mark.parametrize("commits", MOMENTS)
@pytest.mark.parametrize("hurt", HURTS)
def test_nothing_is_lost_where_a_server_is_hurt(world: World, hurt: str, commits: int) -> None:
    assert attempt(world, hurt, commits) >= commits
