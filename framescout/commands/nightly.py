"""`framescout service`: has the system index every night."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from framescout.console import printable

if TYPE_CHECKING:
    from framescout.timers import Night


@click.group()
def service() -> None:
    """Have the system index new footage every night: systemd, launchd or Windows' Task Scheduler.

    \b
    framescout service install ~/footage --at 22:30 --until 06:30 --dry-run
    framescout service install ~/footage --at 22:30 --until 06:30

    Exit status: 0 done; 1 it was declined; 2 usage; 3 a file can't be written.
    """


@service.command(short_help="Write what runs `framescout index` every night.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--at", default="22:30", show_default=True, metavar="HH:MM", help="When it begins, every night.")
@click.option("--until", metavar="HH:MM", help="Begin no new video after this time of day.")
@click.option("--dry-run", is_flag=True, help="Only show what would be written.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.pass_context
def install(ctx: click.Context, paths: tuple[Path, ...], at: str, until: str | None, dry_run: bool, yes: bool) -> None:
    """Write what has your system run `framescout index PATH...` every night, for you alone; it is shown first.

    Nothing is started: the command that does is said at the end.

    \b
    framescout service install ~/footage --at 22:30 --until 06:30
    """
    files, steps = _planned(_night(ctx, paths, at, until))
    for path, text in files.items():
        click.echo(printable(f"# {path}"))
        click.echo(text)
    if dry_run:
        return
    if not yes and not click.confirm("Write this?", err=True):
        ctx.exit(1)
    _write(files)
    for step in steps:
        click.echo(step, err=True)


def _night(ctx: click.Context, paths: tuple[Path, ...], at: str, until: str | None) -> Night:
    from framescout.settings import catalog_place
    from framescout.timers import Night

    for option, clock in (("--at", at), ("--until", until)):
        _check(option, clock)
    begin = time.strptime(at, "%H:%M")
    place = catalog_place(ctx.obj)
    command = [_program(), "--catalog", str(place.absolute() if isinstance(place, Path) else place)]
    if ctx.obj["config"]:
        named = ctx.obj["config"]
        command += ["--config", str(named.absolute() if named.exists() else named)]
    folders = [str(path.expanduser().absolute()) for path in paths]
    command += ["index", *folders, *(["--until", until] if until else [])]
    return Night(command, folders, begin.tm_hour, begin.tm_min)


def _check(option: str, clock: str | None) -> None:
    try:
        time.strptime(clock or "00:00", "%H:%M")
    except ValueError:
        raise click.BadParameter(f"{clock!r} is not a time of day like 22:30", param_hint=option) from None


def _program() -> str:
    """The installed command by its whole path; a scheduler knows few of them."""
    called = Path(sys.argv[0])
    if called.name.startswith("framescout") and called.is_file():
        return str(called.absolute())
    return shutil.which("framescout") or str(Path(sys.executable).with_name("framescout"))


def _planned(night: Night) -> tuple[dict[Path, str], list[str]]:
    """What is to be written for this system, and what to do then."""
    from framescout import timers
    from framescout.settings import state_folder

    if sys.platform == "win32":
        files = timers.task(night, state_folder())
        (path,) = files
        return files, [f'now run: schtasks /Create /TN {timers.NAME} /XML "{path}"']
    if sys.platform == "darwin":
        folder = Path.home() / "Library" / "LaunchAgents"
        files = timers.launchd(night, folder, Path.home() / "Library" / "Logs" / f"{timers.NAME}.log")
        (path,) = files
        return files, [f"now run: launchctl bootstrap gui/$(id -u) '{path}'"]
    import platformdirs

    files = timers.systemd(night, Path(platformdirs.user_config_dir()) / "systemd" / "user")
    return files, [
        f"now run: systemctl --user daemon-reload && systemctl --user enable --now {timers.NAME}.timer",
        "so that it runs while you are logged out, too: loginctl enable-linger",
        f"what a night said: journalctl --user -u {timers.NAME}",
    ]


def _write(files: dict[Path, str]) -> None:
    from framescout.durable import write_whole
    from framescout.errors import NotAvailableError

    for path, text in files.items():
        try:
            write_whole(path, text.encode("utf-16" if path.suffix == ".xml" else "utf-8"))
            path.chmod(0o644)
        except OSError as error:
            raise NotAvailableError(f"{path} can't be written ({error.strerror})") from error
        click.echo(printable(f"written: {path}"), err=True)
