"""`framescout completion`: what has a shell complete commands and options."""

from __future__ import annotations

import os
from pathlib import Path

import click

from framescout.errors import NotAvailableError

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.option("--install", is_flag=True, help="Write it where the shell looks.")
@click.pass_context
def completion(ctx: click.Context, shell: str, install: bool) -> None:
    """Print what has SHELL complete commands and options, or put it in place.

    No file that you wrote is changed; what is left to do is said.

    \b
    framescout completion bash --install
    framescout completion fish > ~/.config/fish/completions/framescout.fish

    Exit status: 0 done; 2 usage; 3 the file can't be written.
    """
    source = _source(ctx.find_root().command, shell)
    if not install:
        click.echo(source)
        return
    path = _place(shell)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source + "\n", encoding="utf-8")
    except OSError as error:
        raise NotAvailableError(f"{path} can't be written ({error.strerror})") from error
    click.echo(f"written to {path}", err=True)
    click.echo(_left_to_do(shell, path), err=True)


def _source(program: click.Command, shell: str) -> str:
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind  # one of _SHELLS
    made = kind(program, {}, "framescout", "_FRAMESCOUT_COMPLETE")
    return made.source_template % made.source_vars()


def _place(shell: str) -> Path:
    """Where the shell looks by itself, or, for zsh, where people keep such files."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return {
        "bash": data / "bash-completion" / "completions" / "framescout",
        "zsh": Path.home() / ".zfunc" / "_framescout",
        "fish": settings / "fish" / "completions" / "framescout.fish",
    }[shell]


def _left_to_do(shell: str, path: Path) -> str:
    if shell == "zsh":
        return f"put this line into ~/.zshrc, if it is missing: fpath+=({path.parent}); autoload -Uz compinit; compinit"
    needs = " (with the package bash-completion)" if shell == "bash" else ""
    return f"a new {shell} completes framescout{needs}"
