"""The commands that change the catalog: index, verify, retry, prune."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framescout.console import ConsoleProgress, ConsoleSteps, printable
from framescout.errors import CatalogLockedError
from framescout.roots import root_of

if TYPE_CHECKING:
    from framescout.catalog import Catalog
    from framescout.settings import Settings
    from indexer.report import Report


_NICENESS = 10


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--model", help="The model to embed with [default: starter]; see: framescout models.")
@click.option("--density", type=click.Choice(["fast", "balanced", "thorough"]), help="How closely to look.")
@click.option("--workers", type=click.IntRange(min=0), help="Decoding processes; 0 chooses by the machine.")
@click.option("--ray", metavar="auto|HOST:PORT", help="Have a Ray cluster decode and embed; see docs/cluster.md.")
@click.option("--until", metavar="HH:MM", help="Begin no new video after this time of day.")
@click.option("--watch", type=click.FloatRange(min=1), metavar="S", help="Look again every S seconds, until stopped.")
@click.option("--motion", is_flag=True, help="Then read the motion of videos that an older framescout indexed.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--strict", is_flag=True, help="Exit with 1 where a file was quarantined.")
@click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong.")
@click.option("--json", "as_json", is_flag=True, help="What was done, as JSON on stdout.")
@click.pass_context
def index(
    ctx: click.Context,
    paths: tuple[Path, ...],
    model: str | None,
    density: str | None,
    workers: int | None,
    ray: str | None,
    until: str | None,
    watch: float | None,
    motion: bool,
    dry_run: bool,
    strict: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Bring the catalog up to date with these folders and files: new, changed, moved, gone.

    Can be stopped at any time and goes on where it stopped; a second run with nothing new takes seconds. Files that
    can't be used are put in quarantine with the reason, and tried again when they change or on `framescout retry`.
    At the end the saved searches run (not with --json): see `framescout searches`.

    \b
    framescout index ~/footage
    framescout index /mnt/cameras --until 06:30
    framescout index /mnt/cameras --watch 300
    framescout index /mnt/cameras --ray auto

    Exit status: 0 done; 1 some files were quarantined (with --strict); 2 usage; 3 a path, the model or the
    cluster can't be had; 4 another framescout is writing to this catalog; 130 interrupted.
    """
    deadline = _deadline(until) if until else None
    flags: dict[str, Any] = {"model": model, "density": density, "workers": workers, "ray": ray}
    if dry_run:
        with _opened_for_reading(ctx, **flags) as (catalog, settings):
            _tell_plan(catalog, paths, settings, as_json)
        return
    with ConsoleProgress(quiet=quiet) as progress:
        progress.began("opening the catalog")
        catalog, settings = _opened(ctx, **flags)
    if not (quiet or as_json):
        _tell_of_a_better_model(catalog, settings)
    while True:
        try:
            report = _run(catalog, list(paths), settings, quiet, deadline)
        except CatalogLockedError as error:
            if watch is None or (deadline and datetime.now().astimezone() + _span(watch) > deadline):
                raise
            click.echo(printable(f"{error}; looking again in {watch:g} s"), err=True)
            _sleep(ctx, watch)
            continue
        _tell(report, quiet, as_json)
        if catalog.warning:
            click.echo(catalog.warning, err=True)
        if report.stopped == "interrupted":
            ctx.exit(130)
        if motion and _fill_in_motion(catalog, list(paths), settings, quiet, deadline):
            ctx.exit(130)
        if not as_json:
            sys.stdout.flush()
            ctx.obj["after_index"](ctx, has_grown=bool(report.indexed))
        if watch is None or report.stopped or (deadline and datetime.now().astimezone() + _span(watch) > deadline):
            break
        _sleep(ctx, watch)
    if strict and report.quarantined:
        ctx.exit(1)


@click.command()
@click.option("--repair", is_flag=True, help="Mend what can be mended: rebuild vectors, read damaged videos again.")
@click.option("--force", is_flag=True, help="Repair though many rows are altered: they are dropped.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_context
def verify(ctx: click.Context, repair: bool, force: bool, as_json: bool) -> None:
    """Check every vector of the index against the catalog, and every row against its file.

    --repair keeps a damaged database beside the new one that it writes with all that could be saved. It names on stderr
    what it mends, and refuses to drop more than ten videos or files that are more than 1 % of all, unless --force.

    \b
    framescout verify
    framescout verify --repair

    Exit status: 0 all is well (or was mended); 1 something is wrong; 3 there is no catalog; 4 another
    framescout is writing to it.
    """
    from framescout import settings
    from framescout.catalog import Catalog
    from indexer.verify import check, mend, rescue

    loaded, place = settings.load_chosen(ctx.obj), settings.catalog_place(ctx.obj)
    saved, catalog = rescue(place, loaded) if repair else (None, Catalog.open(place, create=False, settings=loaded))
    if saved:
        click.echo(saved.sentence, err=True)
    with ConsoleSteps() as told:
        problems = check(catalog, told)
    if problems and repair:
        for problem in problems:
            click.echo(printable(problem.sentence), err=True)
        with ConsoleSteps() as told:
            problems = mend(catalog, problems, force=force, told=told)
    if as_json:
        click.echo(json.dumps({"problems": [problem.to_json() for problem in problems]}, indent=2))
    else:
        for problem in problems:
            click.echo(printable(problem.sentence))
        click.echo("all is well" if not problems else f"{len(problems)} problems", err=True)
    if problems:
        ctx.exit(1)


@click.command()
@click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong.")
@click.option("--json", "as_json", is_flag=True, help="What was done, as JSON on stdout.")
@click.pass_context
def retry(ctx: click.Context, quiet: bool, as_json: bool) -> None:
    """Try every file in quarantine again.

    \b
    framescout retry
    """
    catalog, settings = _opened(ctx, create=False)
    with catalog.snapshot() as snapshot:
        paths = [file.path for file in snapshot.quarantined() if root_of(file.path) is None]
    present = [path for path in paths if Path(path).exists()]
    with catalog.writer() as writer:
        writer.forget_quarantine([path for path in paths if path not in present])
        writer.offer_again(present)
    if not present:
        click.echo("nothing is in quarantine", err=True)
        return
    report = _run(catalog, present, settings, quiet, None)
    _tell(report, quiet, as_json)
    if report.stopped == "interrupted":
        ctx.exit(130)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be dropped.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_context
def prune(ctx: click.Context, dry_run: bool, as_json: bool) -> None:
    """Drop videos from the catalog whose files are gone. Footage itself is never touched.

    \b
    framescout prune --dry-run
    """
    catalog, _ = _opened(ctx, create=False)
    if dry_run:
        with catalog.snapshot() as snapshot:
            paths = sorted(path for path, file in snapshot.known_files().items() if file.is_gone)
    else:
        with catalog.writer() as writer:
            paths = sorted(writer.prune())
    if as_json:
        click.echo(json.dumps({"dropped": paths, "dry_run": dry_run}, indent=2))
    else:
        for path in paths:
            click.echo(printable(path) if sys.stdout.isatty() else path)
        click.echo(f"{len(paths)} files {'would be' if dry_run else 'were'} dropped", err=True)


def _opened(ctx: click.Context, *, create: bool = True, **flags: Any) -> tuple[Catalog, Settings]:
    from framescout import settings
    from framescout.catalog import Catalog

    loaded = settings.load_chosen(ctx.obj, **flags)
    return Catalog.open(settings.catalog_place(ctx.obj), create=create, settings=loaded), loaded


@contextlib.contextmanager
def _opened_for_reading(ctx: click.Context, **flags: Any) -> Iterator[tuple[Catalog, Settings]]:
    """As `_opened`; where there is no catalog an empty one for the time being, so that none is left behind."""
    from framescout.errors import CatalogNotFoundError

    with contextlib.ExitStack() as stack:
        try:
            catalog, settings = _opened(ctx, create=False, **flags)
        except CatalogNotFoundError:
            from framescout.catalog import Catalog
            from framescout.settings import load_chosen

            settings = load_chosen(ctx.obj, **flags)
            catalog = Catalog.open(stack.enter_context(tempfile.TemporaryDirectory()), settings=settings)
        yield catalog, settings


def _run(catalog: Catalog, paths: list[Any], settings: Settings, quiet: bool, deadline: datetime | None) -> Report:
    import indexer

    _give_way()
    may_go_on: Callable[[], bool] = lambda: deadline is None or datetime.now().astimezone() < deadline  # noqa: E731
    with ConsoleProgress(quiet=quiet) as progress:
        return indexer.index(catalog, paths, settings=settings, progress=progress, may_go_on=may_go_on)


def _fill_in_motion(
    catalog: Catalog, paths: list[Any], settings: Settings, quiet: bool, deadline: datetime | None
) -> bool:
    """Whether it was interrupted."""
    import indexer

    may_go_on: Callable[[], bool] = lambda: deadline is None or datetime.now().astimezone() < deadline  # noqa: E731
    with ConsoleProgress(quiet=quiet) as progress:
        done = indexer.fill_in_motion(catalog, paths, settings=settings, progress=progress, may_go_on=may_go_on)
    if not quiet:
        failed = f", {len(done.failed)} can't be read" if done.failed else ""
        left = f", {done.left} left to the next run" if done.left else ""
        click.echo(f"motion of {len(done.read)} videos read{failed}{left}", err=True)
    return done.is_interrupted


def _give_way() -> None:
    """Lower the priority: searches and a person's other work go first. A run that is alone loses no time by it."""
    if sys.platform != "win32":
        os.setpriority(os.PRIO_PROCESS, 0, max(os.getpriority(os.PRIO_PROCESS, 0), _NICENESS))


def _tell_of_a_better_model(catalog: Catalog, settings: Settings) -> None:
    """Name a better model before the first run, which may take a night."""
    from framescout.embedding.recommending import better_than

    with catalog.snapshot() as snapshot:
        is_first = not snapshot.models()
    hint = better_than(settings.model) if is_first else None
    if hint:
        click.echo(f"{settings.model} is a small model; {hint}", err=True)


def _tell(report: Report, quiet: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report.to_json()))
    if not quiet:
        for folder in report.unreadable_folders:
            click.echo(printable(f"can't be read: {folder}"), err=True)
        for line in report.summary():
            click.echo(printable(line), err=True)


def _tell_plan(catalog: Catalog, paths: tuple[Path, ...], settings: Settings, as_json: bool) -> None:
    from indexer.pipeline import look_ahead

    plan, seconds = look_ahead(catalog, list(paths), settings)
    facts = {
        "new": plan.new,
        "changed": plan.changed,
        "to_embed_again": plan.coarser,
        "gone": len(plan.gone),
        "unchanged": plan.unchanged,
        "in_quarantine": plan.still_quarantined,
        "bytes": plan.size_bytes,
        "estimated_seconds": seconds,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        if value and not name.startswith("estimated") and name != "bytes":
            click.echo(f"{value:>8} {name.replace('_', ' ')}")
    if plan.to_read:
        about = "time unknown before a first run" if seconds is None else f"about {timedelta(seconds=round(seconds))}"
        click.echo(f"{plan.size_bytes / 1e9:8.2f} GB to read, {about}")


def _deadline(text: str) -> datetime:
    """The next time that the clock shows HH:MM."""
    try:
        clock = time.strptime(text, "%H:%M")
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a time of day like 06:30", param_hint="--until") from None
    now = datetime.now().astimezone()
    then = now.replace(hour=clock.tm_hour, minute=clock.tm_min, second=0, microsecond=0)
    return then if then > now else then + timedelta(days=1)


def _sleep(ctx: click.Context, seconds: float) -> None:
    """Sleep; but end where a signal came whose KeyboardInterrupt Python has dropped (see `framescout.cli`)."""
    if ctx.obj["ended"]:
        raise KeyboardInterrupt
    time.sleep(seconds)


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
