"""The bytes that seals are made of: the same for the same record, others for every other."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from framescout.catalog.canonical import canonical

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
).filter(lambda value: isinstance(value, dict | list))
times = st.datetimes(timezones=st.just(UTC))
paths = st.binary(max_size=20).map(lambda name: name.decode("utf-8", "surrogateescape"))
values = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | paths | st.binary() | times
    | documents
)  # fmt: skip


def kinds(value: Any) -> Any:
    """What `==` takes for the same though it is not: True, 1 and 1.0."""
    return type(value), json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


@settings(max_examples=300, deadline=None)
@given(st.lists(values, max_size=4), st.lists(values, max_size=4))
@example([True], [1])
@example([1], [1.0])
@example(["1"], [1])
@example(["a"], [b"a"])
@example(["a", "b"], ["ab", ""])
@example([None], [])
@example([{"a": 1}], ['{"a":1}'])
def test_equal_records_and_no_others_have_equal_bytes(one: list[Any], other: list[Any]) -> None:
    assert (canonical(one) == canonical(other)) == ([*map(kinds, one)] == [*map(kinds, other)])


@settings(deadline=None)
@given(st.lists(values, max_size=3), st.lists(values, max_size=3), st.integers(0, 6))
def test_a_value_in_another_row_is_another_record(one: list[Any], other: list[Any], place: int) -> None:
    joined = [*one, *other]
    parts = canonical(joined[:place]) + canonical(joined[place:])
    assert (parts == canonical(one) + canonical(other)) == (place == len(one) or place >= len(joined) == len(one))


@settings(deadline=None)
@given(times, st.integers(-12, 12))
def test_a_moment_is_the_same_on_every_clock(moment: datetime, hours: int) -> None:
    if datetime(2, 1, 1, tzinfo=UTC) < moment < datetime(9998, 1, 1, tzinfo=UTC):
        assert canonical([moment]) == canonical([moment.astimezone(timezone(timedelta(hours=hours)))])


def test_what_databases_keep_differently_is_the_same() -> None:
    assert canonical([-0.0]) == canonical([0.0])
    assert canonical([{"b": 1, "a": [2]}]) == canonical([{"a": [2], "b": 1}])
