"""docs/python.md is what the docstrings say now."""

from __future__ import annotations

from tests.docs.python_page import PAGE, page


def test_the_page_of_the_python_interface_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.python_page"
