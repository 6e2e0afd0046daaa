"""A run's last lines fit a mail."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.report import Report


def test_each_reason_is_counted_with_a_file() -> None:
    files = {f"/a/{number}.mp4": "the file is damaged: no container (invalid data)" for number in range(3)}
    report = Report(quarantined={"/a/empty.mp4": "the file is empty", **files})
    assert report.summary() == [
        "0 videos indexed, 4 quarantined",
        "       3 the file is damaged: no container: /a/0.mp4",
        "       1 the file is empty: /a/empty.mp4",
        "framescout status lists what is in quarantine, framescout retry tries it again",
    ]
    assert Report().summary() == ["0 videos indexed"]


@given(st.dictionaries(st.text(min_size=1), st.sampled_from([f"reason {number}" for number in range(9)]), max_size=60))
def test_it_stays_short_and_loses_no_file_of_the_most_frequent(quarantined: dict[str, str]) -> None:
    lines = Report(quarantined=quarantined).summary()
    assert len(lines) <= 8
    counts = sorted((list(quarantined.values()).count(why) for why in set(quarantined.values())), reverse=True)
    assert [int(line.split()[0]) for line in lines[1:] if line.startswith("  ") and " reason " in line] == counts[:5]
