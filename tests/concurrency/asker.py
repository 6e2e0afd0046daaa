"""Asks a catalog again and again until a file appears, as a new process would each time; writes down each answer."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from framescout.catalog import Catalog
from framescout.errors import FramescoutError, NotAvailableError
from query.engine import Engine
from query.request import Query

QUERIES = (
    Query("a red picture", limit=100),
    Query("a green picture", without=("a white picture",), limit=100),
    Query("a picture with a number", then=("a dark picture",), limit=100),
    Query("a blue picture", paths=("numbered*",), limit=100),
)


def ask(engine: Engine, number: int) -> list[dict[str, Any]] | str:
    """The moments; a word where nothing is indexed yet."""
    try:
        answer = engine.answer(QUERIES[number])
    except NotAvailableError:
        return "nothing"
    return [moment.to_json() for moment in answer.moments]


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(10)  # as an index run does: beside askers who never pause it would hardly get a turn
    place, stop, answers = sys.argv[1], *map(Path, sys.argv[2:])
    with answers.open("w") as out:
        while not stop.exists():
            for number in range(len(QUERIES)):
                try:
                    said = ask(Engine(Catalog.open(place, create=False)), number)
                except FramescoutError as error:
                    said = f"{type(error).__name__}: {error}"
                out.write(json.dumps([number, said]) + "\n")


if __name__ == "__main__":
    main()
