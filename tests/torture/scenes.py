"""The states in which framescout is killed: each a catalog and an archive, and the command that changes them."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from framescout.catalog import Catalog
from framescout.catalog.records import Model
from framescout.catalog.schema import NEWEST
from framescout.embedding import TextTower, load_text_tower
from framescout.errors import NotAvailableError
from query.engine import Engine
from query.request import Query
from tests.footage import make
from tests.framescout.embedding.make import TINY_CONVOLUTIONS, make_model
from tests.torture.nursery import Doomed, Nursery

RELEASED = Path(__file__).resolve().parents[1] / "framescout" / "catalog" / "released"
OLDER = [path.stem for path in sorted(RELEASED.glob("*.sql")) if path.stem != NEWEST]
"""Schemas that are upgraded."""


@dataclass(frozen=True)
class World:
    """One place where catalog and archive lie; every trial finds them at the same paths."""

    root: Path
    nursery: Nursery = field(default_factory=Nursery)

    @property
    def archive(self) -> Path:
        return self.root / "world" / "archive"

    @property
    def catalog(self) -> Path:
        return self.root / "world" / "catalog"

    @property
    def model(self) -> str:
        """What all scenes use but the one that changes to the starter: tiny and untrained, so that trials are short."""
        return f"local-dir:{self.root / 'model'}"

    def start_of(self, scene: str) -> Path:
        return self.root / "starts" / scene

    def keep_as(self, scene: str) -> None:
        """Remember the present state as the start of a scene."""
        shutil.copytree(self.root / "world", self.start_of(scene))

    def go_back_to(self, scene: str) -> None:
        """Make the present state the one at the start of a scene; files that are only read are links."""
        world = self.root / "world"
        shutil.rmtree(world, ignore_errors=True)
        start = self.start_of(scene)
        world.mkdir()
        for name in ("archive", "catalog/cache"):
            if (start / name).exists():
                shutil.copytree(start / name, world / name, copy_function=os.link)
        shutil.copytree(
            start / "catalog", world / "catalog", ignore=shutil.ignore_patterns("cache"), dirs_exist_ok=True
        )

    def begin(self, command: Sequence[str], options: Sequence[str | Path] = (), **settings: str) -> Doomed:
        """Start the command in a process group of its own."""
        arguments = ["--catalog", *map(str, [self.catalog, *options]), "--", *command]
        settings = {"model": self.model} | settings
        chosen = {f"FRAMESCOUT_{name.upper()}": value for name, value in settings.items()}
        return self.nursery.begin(arguments, self.root / "log", chosen)

    def run(self, command: Sequence[str], options: Sequence[str | Path] = (), **settings: str) -> None:
        """Run the command to its end.

        Raises:
            AssertionError: it did not end well.
        """
        code = self.begin(command, options, **settings).end(300)
        assert code == 0, f"{' '.join(command)} ended with {code}: {self.said()}"

    def said(self) -> str:
        """What the last command wrote."""
        return (self.root / "log").read_text(errors="replace")[-2000:]

    @property
    def index(self) -> list[str]:
        return ["index", str(self.archive)]


@dataclass(frozen=True)
class Scene:
    """A start, and a command that is killed and then run to its end."""

    name: str
    prepare: Callable[[World], None]
    """From an empty catalog with the model's towers and a small archive to the start."""
    command: Callable[[World], list[str]]
    settings: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    decodes: bool = False
    """Whether there are decoders that can be killed."""
    weight: float = 1.0
    expected_problems: frozenset[str] = field(default_factory=frozenset)
    """Kinds of problems that `verify` rightly finds in the state between."""


def make_archive(folder: Path) -> None:
    """Five small videos and a file that is none."""
    (folder / "cam01").mkdir(parents=True)
    make.coloured_shots(folder / "cam01", "20260214_221500.mp4")
    for number in range(4):
        make.numbered(folder, f"numbered{number}.mp4", seconds=3 + number, gop=10 + 5 * number)
    make.garbage(folder, "broken.mp4")


def make_worlds(root: Path, towers: Path | None = None) -> World:
    """A root folder with the parts that all scenes begin from."""
    world = World(root)
    make_archive(world.archive)
    make_model(root / "model", TINY_CONVOLUTIONS)
    if towers:
        shutil.copytree(towers, world.catalog / "cache", copy_function=os.link)
    for model in ("starter", world.model):  # also exports the towers that are missing
        world.run(world.index, model=model)
        ask(Catalog.open(world.catalog))  # keeps what a first question keeps
    (world.catalog / "catalog.sqlite").unlink()
    shutil.rmtree(world.catalog / "vectors")
    world.keep_as("bare")
    return world


@functools.cache
def _tower(folder: Path, name: str, fingerprint: str) -> TextTower:
    return load_text_tower(name, fingerprint, folder)


class CachingEngine(Engine):
    """Loads a model once, not for each state."""

    def text_tower(self, model: Model) -> TextTower:
        return _tower(self.catalog.cache_folder, model.name, model.fingerprint)


def ask(catalog: Catalog) -> None:
    """A question, which must be answered in whatever state the catalog is."""
    with contextlib.suppress(NotAvailableError):  # nothing is indexed yet
        answer = CachingEngine(catalog).answer(Query("a red picture", limit=100))
        assert answer.moments, "nothing is found"


def _nothing(world: World) -> None:
    """The first run of all."""


def _indexed(world: World) -> None:
    world.run(world.index, density="fast")


def _changed(world: World) -> None:
    """A video more, one less, one moved, one that is another now."""
    _indexed(world)
    archive = world.archive
    make.numbered(archive, "later.mp4", seconds=7, gop=9)
    (archive / "numbered0.mp4").unlink()
    (archive / "numbered1.mp4").rename(archive / "cam01" / "moved.mp4")
    (archive / "numbered2.mp4").unlink()  # it is a link, and other scenes have the same file
    make.numbered(archive, "numbered2.mp4", seconds=8, gop=30)


def _gone(world: World) -> None:
    _indexed(world)
    (world.archive / "numbered0.mp4").unlink()
    (world.archive / "numbered3.mp4").unlink()
    world.run(world.index, density="fast")


def _damaged(world: World) -> None:
    """A flipped bit in the vector index, and a video whose embeddings are no vectors."""
    _indexed(world)
    (index,) = (world.catalog / "vectors").glob("*.faiss")
    content = bytearray(index.read_bytes())
    content[len(content) // 2] ^= 4
    index.write_bytes(content)
    with contextlib.closing(sqlite3.connect(world.catalog / "catalog.sqlite")) as database, database:
        database.execute("UPDATE indexing SET embeddings = zeroblob(length(embeddings)) WHERE video_id = 2")


def _without_towers(world: World) -> None:
    """Nothing in the cache, and one video: what a first run makes of the model itself."""
    shutil.rmtree(world.catalog / "cache")
    for path in world.archive.glob("numbered*"):
        path.unlink()


def _released(revision: str) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        with contextlib.closing(sqlite3.connect(world.catalog / "catalog.sqlite")) as database:
            database.executescript((RELEASED / f"{revision}.sql").read_text())
            database.execute("DELETE FROM generation")  # the index file is no part of the fixture
            database.commit()
            database.execute("PRAGMA journal_mode = WAL")

    return prepare


_EVENTS = '[glow]\nprompts = ["a red picture"]\ncounter = ["a green picture", "a white picture"]\nthreshold = 0.2\n'


def _with_events(world: World) -> None:
    _indexed(world)
    (world.archive / "events.toml").write_text(_EVENTS)


_ANY_FILE = frozenset({"file"})

SCENES = (
    Scene("first run", _nothing, lambda world: world.index, decodes=True, weight=3),
    Scene(
        "changed archive",
        _changed,
        lambda world: world.index,
        {"density": "fast"},
        options=("--exact-at-most", "8"),
        decodes=True,
        weight=3,
        expected_problems=_ANY_FILE,
    ),
    Scene("greater density", _indexed, lambda world: world.index, {"density": "thorough"}, decodes=True, weight=2),
    Scene("another model", _indexed, lambda world: world.index, {"model": "starter"}, decodes=True, weight=2),
    Scene("prune", _gone, lambda _: ["prune"]),
    Scene(
        "verify --repair",
        _damaged,
        lambda _: ["verify", "--repair"],
        expected_problems=frozenset({"video", "vectors"}),
    ),
    Scene("labels", _indexed, lambda _: ["labels", "configs/labels.example.toml"]),
    Scene("events", _with_events, lambda world: ["events", str(world.archive / "events.toml")]),
    *(
        Scene(
            f"upgrade from {revision}",
            _released(revision),
            lambda _: ["status"],
            weight=2.5 / len(OLDER),
            expected_problems=_ANY_FILE,
        )
        for revision in OLDER
    ),
    Scene("export of a model", _without_towers, lambda world: world.index, weight=0.5),
)
