"""The kind of argument that a catalog's place is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from framescout.address import Address, place_of
from framescout.errors import UsageError


class CatalogPlace(click.Path):
    """A folder, or the address of a database."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            place = place_of(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)
        return place if isinstance(place, Address) else super().convert(value, param, ctx)
