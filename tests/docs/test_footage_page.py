"""docs/footage.md is what the cases say, and names tests that are there."""

import re
from pathlib import Path

from tests.docs.footage import PAGE, with_tables
from tests.footage.cases import REPORTS

TESTS = Path(__file__).parents[1]


def test_every_test_that_the_page_of_footage_names_is_there():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 10
    for file, test in named:
        assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), f"{file}::{test}"


def test_the_tables_are_those_of_the_cases():
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: python -m tests.docs.footage"


def test_every_public_report_is_answered_by_a_test():
    assert list(REPORTS) == list(range(1, 33))
    assert all(each.shown_by for each in REPORTS.values())
