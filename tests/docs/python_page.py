"""docs/python.md, written from the signatures and docstrings of what people call from Python.

python -m tests.docs.python_page
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import framescout
import indexer
import query
from framescout.catalog import Catalog
from framescout.catalog.records import FileFacts, Video
from framescout.errors import FramescoutError
from framescout.progress import Progress
from indexer.report import Report
from query.answer import Answer, Moment
from query.clips.clip import Clip

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
_HEAD = """# From Python

This page is written from the docstrings by `python -m tests.docs.python_page`. Everything is typed (`py.typed`).
A notebook to try it: [example.ipynb](example.ipynb).

```python
import framescout, indexer, query

catalog = framescout.open("night")
report = indexer.index(catalog, ["/footage"])
print(report.sentence())
for video in catalog.videos():
    print(video.path, video.duration, video.camera)
answer = query.search(catalog, "a person climbing a fence", limit=10, cameras=["yard"])
frame = answer.to_dataframe()  # where pandas or polars is installed
clips = query.export(answer.moments, "clips")
```

A run that takes long tells an object of yours how far it is: `progress`, a `framescout.progress.Progress`. Derive from
`SilentProgress` there, and write only the methods that you want:

```python
from framescout.progress import SilentProgress


class Printed(SilentProgress):
    def finished(self, path: str) -> None:
        print("done:", path)


indexer.index(catalog, ["/footage"], progress=Printed(), may_go_on=lambda: not stop.is_set())
```
"""
_FUNCTIONS = (framescout.open, indexer.index, indexer.fill_in_motion, query.search, query.export)
_CLASSES: dict[type, tuple[str, ...]] = {
    Catalog: ("videos", "folder", "settings", "warning"),
    Report: ("sentence", "summary", "to_json"),
    Answer: ("to_dataframe", "to_json"),
    Moment: ("to_json",),
    Clip: (),
    Video: (),
    FileFacts: (),
    Progress: ("began", "found", "started", "advanced", "finished", "quarantined", "note"),
}
"""What is told of each class besides its fields."""


def page() -> str:
    """The whole page."""
    parts = [_HEAD, "## Functions\n"]
    parts += [
        _told(f"{function.__module__.partition('.')[0]}.{function.__name__}", function) for function in _FUNCTIONS
    ]
    parts.append("## Classes\n")
    for kind, methods in _CLASSES.items():
        parts.append(f"### {kind.__name__}\n\n{_docstring(kind)}\n")
        parts.append("".join(_members(kind, methods)))
    parts.append(f"## Errors\n\n{_docstring(FramescoutError)} `framescout.errors` lists them.\n")
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


def _told(name: str, function: Any) -> str:
    return f"### {name}\n\n```python\n{name}{_signature(function)}\n```\n\n{_docstring(function)}\n"


def _signature(function: Any) -> str:
    """As it is written, on several lines where it is long."""
    signature = inspect.signature(function)
    said: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in said:
            said.append("*")
        marks = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        default = "" if parameter.default is parameter.empty else f" = {_default(parameter.default)}"
        annotation = "" if parameter.annotation is parameter.empty else f": {parameter.annotation}"
        said.append(f"{marks}{parameter.name}{annotation}{default}")
    said = [each for each in said if each != "self"]
    line = f"({', '.join(said)}) -> {signature.return_annotation}"
    return line if len(line) < 90 else "(\n" + "".join(f"    {each},\n" for each in said) + line[line.rindex(") -> ") :]


def _default(value: Any) -> str:
    return "lambda: True" if inspect.isfunction(value) else repr(value)


def _docstring(documented: Any) -> str:
    text = re.sub(r"^    (\S)", r"- \1", inspect.getdoc(documented) or "", flags=re.MULTILINE)
    text = re.sub(r"^(Args|Returns|Raises):$", r"\1:\n", text, flags=re.MULTILINE)
    return re.sub(r"^ {8,}", "  ", text, flags=re.MULTILINE)


def _members(kind: type, methods: tuple[str, ...]) -> Iterator[str]:
    for name, annotation, said in _fields(kind):
        yield f"- `{name}: {annotation}`{f': {said}' if said else ''}\n"
    for name in methods:
        member = inspect.getattr_static(kind, name, None)
        if member is None:
            continue
        if inspect.isfunction(member):
            said = _signature(member)
        else:
            said, member = "", getattr(member, "func", None) or getattr(member, "fget", member)
        first = (inspect.getdoc(member) or "").split("\n\n")[0].replace("\n", " ")
        yield f"- `{name}{said}`: {first}\n"


def _fields(kind: type) -> Iterator[tuple[str, str, str]]:
    """Annotated fields of a class and of those it derives from, each with the string below it."""
    for each in reversed(kind.__mro__[:-1]):
        if not each.__module__.startswith(("framescout", "indexer", "query")):
            continue
        (body,) = (node.body for node in ast.parse(textwrap.dedent(inspect.getsource(each))).body)
        for place, node in enumerate(body):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                below = body[place + 1] if place + 1 < len(body) else None
                said = (
                    below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else ""
                )
                yield node.target.id, ast.unparse(node.annotation), re.sub(r"\s+", " ", str(said))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
