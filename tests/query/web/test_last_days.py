"""The last days of each camera, against going through all files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query.web.last_days import last_days
from tests.query.test_filters import ZONE, Made, archive, recordings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(recordings(), st.integers(1, 3), st.integers(1, 3))
def test_they_are_what_going_through_all_files_finds(
    tmp_path_factory: pytest.TempPathFactory, made: Made, cameras: int, days: int
) -> None:
    catalog, _ = archive(tmp_path_factory.mktemp("archive"), made)
    newest: dict[str | None, dict[date, timedelta]] = {}
    for _, files in made:
        for file in files:
            if file.recorded_at is not None:
                own, day = newest.setdefault(file.camera, {}), file.recorded_at.astimezone(ZONE).date()
                since = file.recorded_at - EPOCH
                own[day] = max(own.get(day, since), since)
    with catalog.snapshot() as snapshot:
        columns = snapshot.file_columns()
    found = last_days(columns, ZONE, cameras=cameras, days=days)
    assert len(found) == min(cameras, len(newest))
    shown = [each.camera for each in found]
    assert shown == sorted(shown, key=lambda name: (name is None, name or ""))
    left_out = [max(own.values()) for name, own in newest.items() if name not in shown]
    assert all(max(newest[name].values()) >= other for name in shown for other in left_out)
    for each in found:
        own = newest[each.camera]
        assert [day for day, _ in each.newest] == sorted(own, reverse=True)[:days]
        for day, number in each.newest:
            assert columns.recorded(number)[0] - EPOCH == own[day]
            code = columns.camera_codes[number]
            assert (columns.cameras[code] if code >= 0 else None) == each.camera
