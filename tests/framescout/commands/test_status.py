"""What `framescout status` says, also about what is unfinished."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import asdict

import framescout
from framescout import vectors
from framescout.catalog import Catalog
from framescout.catalog.records import Model
from framescout.cli import main
from framescout.errors import Reason
from framescout.summary import gather
from tests.framescout.catalog.make import make_embeddings, make_indexed


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Catalog, Model]:
    """Two videos of three keyframes each, in an index file; nothing heavy is needed for it."""
    catalog = framescout.open(tmp_path / "kept")
    with catalog.writer() as writer:
        model = writer.model("toy", "print", 8)
        writer.activate(model)
        for name in ("a", "b"):
            writer.commit_video(make_indexed(f"/{name}.mp4", count=3), model)
        with catalog.snapshot() as snapshot:
            built = vectors.store_in(catalog.vectors_folder).publish(snapshot.space(model))
        writer.publish_generation(model_id=model.id, **asdict(built))
    return catalog, model


def test_new_keyframes_are_not_covered_even_where_others_were_dropped(kept: tuple[Catalog, Model]) -> None:
    catalog, model = kept
    with catalog.writer() as writer:
        writer.mark_gone(["/a.mp4"])
        writer.prune()
        writer.commit_video(make_indexed("/c.mp4", embeddings=make_embeddings(2, seed=7)), model)
    (said,) = gather(catalog)["models"]
    assert (said["videos"], said["keyframes"]) == (2, 5)
    assert (said["index"]["vectors"], said["index"]["not_covered"]) == (6, 2)


def test_an_index_that_is_gone_is_not_said_to_be_used(kept: tuple[Catalog, Model]) -> None:
    catalog, _ = kept
    at = ["--catalog", str(catalog.folder), "status"]
    assert gather(catalog)["models"][0]["index"]["usable"]
    assert "it is not where it should be" not in CliRunner().invoke(main, at).stdout
    for file in catalog.vectors_folder.iterdir():
        file.unlink()
    assert not gather(catalog)["models"][0]["index"]["usable"]
    assert "it is not where it should be" in CliRunner().invoke(main, at).stdout


def test_who_writes_is_said_while_it_writes(kept: tuple[Catalog, Model]) -> None:
    catalog, _ = kept
    assert gather(catalog)["writer"] is None
    with catalog.writer():
        assert gather(catalog)["writer"]["pid"] == os.getpid()


def test_every_quarantined_file_has_its_reason_and_the_way_out(kept: tuple[Catalog, Model]) -> None:
    catalog, _ = kept
    with catalog.writer() as writer:
        writer.quarantine("/bad.mp4", 10, 1, Reason.UNDECODABLE, "no frame")
    said = CliRunner().invoke(main, ["--catalog", str(catalog.folder), "status"])
    assert said.exit_code == 0
    assert f"/bad.mp4: {Reason.UNDECODABLE.sentence} (no frame)" in said.stdout
    assert "framescout retry" in said.stderr
    facts = json.loads(CliRunner().invoke(main, ["--catalog", str(catalog.folder), "status", "--json"]).stdout)
    assert facts["quarantined"][0]["reason"] == "undecodable"


def test_a_second_of_footage_is_told_as_a_second(kept: tuple[Catalog, Model]) -> None:
    catalog, _ = kept
    with catalog.snapshot() as snapshot:
        seconds = sum(video.duration for video in snapshot.videos())
    assert gather(catalog)["seconds"] == seconds
    said = CliRunner().invoke(main, ["--catalog", str(catalog.folder), "status"]).output
    assert f"2, 0:00:{seconds:02.0f} of footage" in said
