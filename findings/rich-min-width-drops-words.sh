#!/usr/bin/env bash
# rich 15.0.0: a table with a column of `min_width` loses words of that column, though another column could give way.
#
# Expected: `min_width` is the least that a column is given. Where both columns go on in the next line and the table's
# least width is below the terminal's, the other column is made narrower, and every word is shown.
# Seen: columns are narrowed as if there were no `min_width`; then the column is set back to it, the table is wider than
# the terminal, and each line is cut at its edge: border and words are gone, without an ellipsis and without an error.
# Without `min_width` the same table is whole.
# Cost to a video search: the reasons of an alert and the names of videos lose words in narrow terminals alone, where
# nobody looks. To give each column its `width` helps.
# Near it: Textualize/rich issue 2890 (open), where a column of no_wrap takes from others what their min_width keeps.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "rich==15.0.0"
cat >look.py <<'PYTHON'
import io
import sys
from importlib.metadata import version

from rich.console import Console
from rich.table import Table

EVENT = "a b c d e f g h i j k l m n o p"
REASON = "one two three four five six seven eight nine ten eleven twelve"
WIDTH = 50


def shown(**least):
    table = Table()
    table.add_column("event")
    table.add_column("why", **least)
    table.add_row(EVENT, REASON)
    console = Console(file=io.StringIO(), width=WIDTH)
    console.print(table)
    return console.file.getvalue()


print("version: rich", version("rich"))
print(f"expected: in {WIDTH} columns every word is shown, whatever min_width is up to some 40")
lost = {}
for least in (None, 30, 36):
    said = shown() if least is None else shown(min_width=least)
    lost[least] = [word for word in REASON.split() if word not in said.split()]
    print(f"seen: min_width {least}: {len(lost[least])} words are gone or cut: {', '.join(lost[least]) or 'none'}")
print(said)
sys.exit(0 if not lost[None] and lost[30] and lost[36] else "It has changed.")
PYTHON
venv/bin/python look.py
