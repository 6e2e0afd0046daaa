"""Every command's help fits 80 columns and shows how it is called."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from framescout.cli import main


def every(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below
            yield from every(below, (*path, name))


@pytest.mark.parametrize("path", list(every(main)), ids=" ".join)
def test_help_is_whole_at_80_columns_and_has_an_example(path: tuple[str, ...]) -> None:
    said = CliRunner().invoke(main, [*path, "--help"], terminal_width=80).output.splitlines()
    assert [line for line in said if len(line) > 80] == []
    assert not [line for line in said if line.endswith("...") and not line.startswith("Usage")]
    assert any(line.strip().startswith(" ".join(("framescout", *path))) for line in said), said
