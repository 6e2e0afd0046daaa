"""The `framescout` command: loads a command's module when it is run, handles errors, sets the exit code."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import click

import framescout
from framescout.address import Address
from framescout.commands.place import CatalogPlace
from framescout.console import printable
from framescout.errors import NO_ROOM, FramescoutError, NotAvailableError
from framescout.processors import multiply_with_one_thread

COMMANDS = {
    "index": ("indexer.cli:index", "Read the archive: only what is new or was changed."),
    "search": ("query.cli:search", "Find the moments that show what a sentence says."),
    "play": ("query.play_cli:play", "Play a moment of your last search."),
    "open": ("query.play_cli:open_", "Open its video in the program of your system."),
    "export": ("query.cli:export", "Cut such moments out as clips."),
    "searches": ("query.saved_cli:searches", "Keep searches, and ask them again of everything new."),
    "labels": ("query.labels_cli:labels", "Label every keyframe."),
    "events": ("query.events_cli:events", "Find events: normal in one place, suspicious in another."),
    "serve": ("query.serve_cli:serve", "Open a web page to search, play, pick and export."),
    "log": ("framescout.commands.log:log", "Say who exported what, and when."),
    "cameras": ("framescout.commands.cameras:cameras", "List the cameras; say their zones and clocks' errors."),
    "show": ("framescout.commands.show:show", "Show everything that is known of one video."),
    "status": ("framescout.commands.status:status", "Say what the catalog holds and what needs your attention."),
    "verify": ("indexer.cli:verify", "Check every vector, row and file; mend them."),
    "retry": ("indexer.cli:retry", "Try the files in quarantine again."),
    "prune": ("indexer.cli:prune", "Drop the videos whose files are gone."),
    "catalog": ("framescout.commands.catalogs:catalog", "Copy a whole catalog, into a database say."),
    "roots": ("framescout.commands.roots:roots", "Name places of footage that other machines mount elsewhere."),
    "models": ("framescout.commands.models:models", "List, fetch and import models."),
    "service": ("framescout.commands.nightly:service", "Have the system index every night."),
    "config": ("framescout.commands.config:config", "Show every setting and where it comes from."),
    "completion": ("framescout.commands.completion:completion", "Have your shell complete commands and options."),
    "doctor": ("framescout.commands.doctor:doctor", "Say what this machine has, what is missing, how to get it."),
    "demo": ("framescout.commands.demo:demo", "See it work on an archive of its own."),
}
"""Name -> where the command is, and what --help says of it without importing it."""

AFTER_INDEX = "query.saved_cli:after_index"
"""Called with the context of `framescout index` when a run has ended. Commands know nothing of each other."""

_OUTPUT_FULL = NO_ROOM | {errno.EFBIG}

BUILDERS = {"index", "retry", "verify", "demo"}
"""Commands that may build a vector index, whose large products gain by all processors."""

READERS = {"search", "status"}
"""Commands that leave nothing behind which Python would have to tidy up."""


class Commands(click.Group):
    """Imports a command's module only when that command is asked for."""

    asked: str | None = None
    """The command that was called last."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        if name not in BUILDERS:
            multiply_with_one_thread()
        if name not in READERS:
            gc.enable()
        command: click.Command = _imported(COMMANDS[name][0])
        _take_shared_options(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, 1)
            hint = f" Did you mean {near[0]}?" if near else " See framescout --help."
            ctx.fail(f"There is no command '{name}'.{hint}")
        self.asked = name
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> None:
        try:
            super().invoke(ctx)
            sys.stdout.flush()
        except FramescoutError as error:
            if _is_debugging(ctx):
                raise
            _say(f"framescout: {error}")
            ctx.exit(error.exit_code)
        except BrokenPipeError:  # the reader of our output has seen enough
            _drop_output()
            ctx.exit(0)
        except KeyboardInterrupt:
            _say("framescout: interrupted")
            ctx.exit(130)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if _is_debugging(ctx):
                raise
            if isinstance(error, ModuleNotFoundError) and (said := _way_out(error)):
                _say(f"framescout: {said}")
                ctx.exit(NotAvailableError.exit_code)
            if isinstance(error, OSError) and error.errno in _OUTPUT_FULL and error.filename is None:
                _say(f"framescout: {_cannot_be_written(error)}")
                _drop_output()
                ctx.exit(NotAvailableError.exit_code)
            _say(f"framescout: a fault of framescout itself: {type(error).__name__}: {error}; --debug shows where")
            ctx.exit(1)


def _is_debugging(ctx: click.Context) -> bool:
    return bool(ctx.obj and ctx.obj["debug"])


def _way_out(error: ModuleNotFoundError) -> str | None:
    from framescout.packages import way_out

    return way_out(error.name)


def _cannot_be_written(error: OSError) -> str:
    return f"the output can't be written ({error.strerror}); free some space, or send it elsewhere"


def _drop_output() -> None:
    """So that Python doesn't try to write once more what can't be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _take_shared_options(command: click.Command) -> None:
    """Let a command, and the commands below it, take the program's own options too: they may stand on either side."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _take_shared_options(below)
    taken = {name for parameter in command.params for name in parameter.opts}
    command.params += [option() for name, option in _SHARED.items() if name not in taken]


def _imported(name: str) -> Any:
    """What 'module:attribute' names."""
    module, attribute = name.split(":")
    return getattr(import_module(module), attribute)


def _after_index(ctx: click.Context, *, has_grown: bool) -> None:
    _imported(AFTER_INDEX)(ctx, has_grown=has_grown)


def _log(*, is_debugging: bool) -> None:
    """Have what libraries log shown: all of it, or errors alone."""
    import logging  # a search needs none of it

    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    if is_debugging:
        logging.getLogger().setLevel(logging.DEBUG)


def _say(sentence: str) -> None:
    click.echo(printable(sentence), err=True)


def _set(ctx: click.Context, option: click.Parameter, value: Any) -> Any:
    """Take an option that stands behind the command as if it stood before it."""
    if value:
        ctx.obj[option.name] = value
        if option.name == "debug":
            _log(is_debugging=True)
    return value


_SHARED: dict[str, Callable[[], click.Option]] = {
    "--catalog": lambda: click.Option(
        ["--catalog"], type=CatalogPlace(), expose_value=False, callback=_set, hidden=True
    ),
    "--config": lambda: click.Option(
        ["--config"], type=click.Path(path_type=Path), expose_value=False, callback=_set, hidden=True
    ),
    "--debug": lambda: click.Option(["--debug"], is_flag=True, expose_value=False, callback=_set, hidden=True),
}
"""Those of `main`, as they are taken behind a command, where --help doesn't repeat them."""


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(framescout.__version__, package_name="framescout")
@click.option(
    "--catalog",
    type=CatalogPlace(),
    help="The catalog: a folder or postgresql://USER@HOST/NAME [default: $FRAMESCOUT_CATALOG, else your data folder].",
)
@click.option("--config", type=click.Path(path_type=Path), help="A file of settings in place of your own; or gpu.toml.")
@click.option("--debug", is_flag=True, help="Show tracebacks and what goes on.")
@click.pass_context
def main(ctx: click.Context, catalog: Path | Address | None, config: Path | None, debug: bool) -> None:
    """Search a video archive by plain sentences, and cut out the moments that match.

    \b
    framescout index ~/footage                      read it (again: what is new)
    framescout search "a person climbing a fence"   find moments
    framescout play 2                               play the second of them
    framescout export "a red car" --out clips       cut them out
    framescout demo                                 see it work
    """
    if debug or ctx.invoked_subcommand not in READERS:
        _log(is_debugging=debug)
    ctx.obj = {"catalog": catalog, "config": config, "debug": debug, "after_index": _after_index, "ended": False}
    _end_by_signals(ctx.obj)


def run() -> None:
    """The program. Commands that only read end without Python's tidying up, which takes a fifth of a search's time."""
    gc.disable()  # a command that only reads ends before it has made much garbage
    try:
        main()
    except OSError as error:  # of --help, which click prints by itself
        if error.errno not in _OUTPUT_FULL:
            raise
        _say(f"framescout: {_cannot_be_written(error)}")
        _drop_output()
        raise SystemExit(NotAvailableError.exit_code) from None
    except SystemExit as ended:
        code = ended.code
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except BrokenPipeError:
            pass
        except OSError as error:
            _say(f"framescout: {_cannot_be_written(error)}")
            _drop_output()
            code = NotAvailableError.exit_code
        if main.asked in READERS and isinstance(code, int):
            os._exit(code)
        raise SystemExit(code) from None


def _end_by_signals(state: dict[str, Any]) -> None:
    """SIGTERM ends a run as Ctrl-C does: cleanly.

    Python drops what is raised while it tidies up, after an import for instance. So `state["ended"]` tells of it too,
    for a command that would go on for ever.
    """

    def end(_signal: int, _frame: FrameType | None) -> None:
        state["ended"] = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # shells have background jobs ignore Ctrl-C
        signal.signal(signal.SIGINT, end)
