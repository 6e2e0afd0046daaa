"""`framescout models`: what can be used, what of it is on this machine; `fetch` downloads on purpose."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import click


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list."""

    name: str
    model: str
    """What open_clip calls it."""
    where: str
    """'bundled', 'cached' or 'missing'."""
    size_bytes: int | None
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
    found = listed()
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in found], indent=2))
        return
    for entry in found:
        size = f"{entry.size_bytes / 1e6:,.0f} MB" if entry.size_bytes else ""
        click.echo(f"{entry.name:<10} {entry.where:<8} {size:>9}  {entry.dimensions:>5}  {entry.model}")
        click.echo(f"{'':<10} {entry.about}")


@models.command("fetch")
@click.argument("name")
def fetch_model(name: str) -> None:
    """Download the model NAME, once, and try it. This is the only command that uses the network.

    \b
    Example:
      framescout models fetch fast
    Exit status: 3 where it can't be had.
    """
    from framescout.embedding import fetch

    fetch(name)
    click.echo(f"{name} is on this machine; use it with: framescout index --model {name} FOLDER")


def listed() -> list[Listed]:
    """Every short name, in the order of configs/models.toml."""
    from framescout.embedding import fetched, presets
    from framescout.embedding.presets import resolve

    found = []
    for preset in presets().values():
        source = resolve(preset.name)
        size = fetched(source)
        there = "bundled" if source.folder else "cached"
        where = "missing" if size is None else there
        found.append(Listed(preset.name, source.model, where, size, preset.dimensions, preset.about))
    return found
