"""`framescout models`: lists the models; `fetch`, `export` and `import` bring them to a machine."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec.structs import asdict

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_BETWEEN_LINES = 10.0
"""Seconds, where no terminal watches."""


class Listed(msgspec.Struct, frozen=True):
    """One line of the list."""

    name: str
    model: str
    """What open_clip calls it."""
    where: str
    """'bundled', 'cached', 'imported' or 'missing'."""
    size_bytes: int | None
    """On this machine."""
    download_bytes: int | None
    """About what a fetch brings; None for what ships with framescout."""
    dimensions: int
    about: str


@click.group("models", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List the models that have a short name, and which of them are on this machine.

    Any other open_clip model works as well, by open_clip's own name: ViT-B-32/laion2b_s34b_b79k, hf-hub:org/name,
    local-dir:/path.

    \b
    Examples:
      framescout models
      framescout models fetch balanced
      framescout index --model balanced /footage
    """
    if context.invoked_subcommand:
        return
    from framescout import settings
    from framescout.embedding.recommending import better_than

    models = listed()
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in models], indent=2))
        return
    for entry in models:
        if entry.size_bytes:
            size = f"{entry.size_bytes / 1e6:,.0f} MB"
        else:
            size = f"~{entry.download_bytes / 1e6:,.0f} MB" if entry.download_bytes else ""
        click.echo(f"{entry.name:<10} {entry.where:<8} {size:>9}  {entry.dimensions:>5}  {entry.model}")
        click.echo(f"{'':<10} {entry.about}")
    hint = better_than(settings.load_chosen(context.obj).model)
    if hint:
        click.echo(hint, err=True)


@models.command("fetch")
@click.argument("name")
def fetch_model(name: str) -> None:
    """Download the model NAME, once, and try it. This is the only command that uses the network.

    It says how much will come, and goes on where a download broke off.

    \b
    framescout models fetch fast

    Exit status: 3 where it can't be had.
    """
    from framescout.embedding.fetching import fetch

    with _Shown(name) as shown:
        fetch(name, shown)
    click.echo(f"{name} is on this machine; use it with: framescout index --model {name} FOLDER")


@models.command("export", short_help="Write a model into one file, to be carried.")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.zip")
def export_model(name: str, file: Path) -> None:
    """Write the model NAME, which is on this machine, into one file for a machine without a network.

    \b
    framescout models export balanced model.zip

    Exit status: 1 where the file can't be written; 3 where the model is not here.
    """
    from framescout.embedding import model_zip

    carried = model_zip.export_model(name, file)
    click.echo(
        f"{file} holds {carried.name} ({carried.fingerprint[:12]}, {carried.size_bytes / 1e6:,.0f} MB); "
        f"there: framescout models import {file.name}"
    )


@models.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.zip")
def import_model(file: Path) -> None:
    """Take in a model that another machine exported, and try it. Files of strangers are read with care.

    \b
    framescout models import model.zip

    Exit status: 1 where it doesn't fit; 3 where the file can't be read or holds no whole model.
    """
    from framescout.embedding import model_zip

    carried = model_zip.import_model(file)
    click.echo(
        f"{carried.name} ({carried.fingerprint[:12]}) is on this machine; "
        f"use it with: framescout index --model {carried.name} FOLDER"
    )


def listed() -> list[Listed]:
    """Every short name, in the order of configs/models.toml."""
    from framescout.embedding import fetched, presets
    from framescout.embedding.presets import resolve

    models = []
    for preset in presets().values():
        source = resolve(preset.name)
        size = fetched(source)
        there = "bundled" if source.folder else "imported" if source.imported else "cached"
        where = "missing" if size is None else there
        models.append(
            Listed(preset.name, source.model, where, size, preset.download_bytes, preset.dimensions, preset.about)
        )
    return models


class _Shown:
    """Shows a download on stderr: a bar on a terminal, else a line from time to time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._size = self._done = 0
        self._said = time.monotonic()

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def began(self, size_bytes: int, hub: str) -> None:
        """Say how much will come before it comes."""
        self._size = size_bytes
        click.echo(f"{self._name}: {size_bytes / 1e6:,.1f} MB to fetch from {hub}", err=True)
        if sys.stderr.isatty() and size_bytes:
            self._bar = _make_bar()
            self._bar.start()
            self._task = self._bar.add_task("", total=size_bytes)

    def advanced(self, size_bytes: int) -> None:
        """Move on."""
        self._done += size_bytes
        if self._bar and self._task is not None:
            self._bar.update(self._task, advance=size_bytes)
        elif time.monotonic() - self._said > _BETWEEN_LINES or self._done == self._size:
            self._said = time.monotonic()
            click.echo(f"{self._done / 1e6:,.1f} of {self._size / 1e6:,.1f} MB", err=True)


def _make_bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    return Progress(
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        transient=True,
    )
