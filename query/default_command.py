"""A group of commands one of which is meant where none is named."""

from __future__ import annotations

from typing import Any

import click


class DefaultCommand(click.Group):
    """Without one of its commands it is `default`: `framescout labels FILE` is `framescout labels run FILE`."""

    def __init__(self, *arguments: Any, default: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing and (
            not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names)
        ):
            args = [self._default, *args]
        return super().parse_args(ctx, args)
