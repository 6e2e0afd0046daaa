#!/usr/bin/env bash
# sqlite-vec 0.1.9: some conditions beside a nearest-neighbour search are applied to its k rows, not before it.
#
# Expected: conditions on a vec0 table's own columns are searched with ("metadata columns can appear in the WHERE
# clause of KNN queries", as can `rowid in (...)`), and those that can't be are refused with an error: LIKE and
# IS NULL on a metadata column and anything on an auxiliary column are.
# Seen: a range of the primary key, and a boolean column named without "= 1", are neither. The search takes its k rows
# from the whole table first, so that most or all of them fall out afterwards. `partition_key in (a, b)` gives up to k
# rows for each value, one after the other: twice the rows asked for, not in order of distance.
# Cost to a video search: the keyframes of one video are a range of ids, so "search in this video" finds nothing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "sqlite-vec==0.1.9" "pysqlite3-binary==0.5.4.post2" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import pysqlite3 as sqlite3  # some builds of Python have a sqlite3 without extensions
import sqlite_vec

COUNT, DIMENSIONS, LIMIT = 5_000, 64, 10
random = np.random.default_rng(0)
rows = random.standard_normal((COUNT, DIMENSIONS)).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
query = rows[7]
ids = np.arange(COUNT)

database = sqlite3.connect(":memory:")
database.enable_load_extension(True)
sqlite_vec.load(database)
database.execute(
    f"create virtual table keyframe using vec0(id integer primary key, embedding float[{DIMENSIONS}] "
    "distance_metric=cosine, camera text partition key, number integer, is_night boolean)"
)
database.executemany(
    "insert into keyframe(id, embedding, camera, number, is_night) values (?, ?, ?, ?, ?)",
    [(i, rows[i].tobytes(), f"cam{i % 3}", i, i % 2) for i in range(COUNT)],
)


def ask(condition, allowed):
    """Rows answered, how many of the nearest `LIMIT` allowed ones are among them, and whether they are in order."""
    sql = f"select id, distance from keyframe where embedding match ? and k = {LIMIT} and {condition}"
    found = database.execute(sql, (query.tobytes(),)).fetchall()
    best = ids[allowed][np.argsort(-(rows[allowed] @ query))[:LIMIT]]
    distances = [distance for _, distance in found]
    return len(found), len({i for i, _ in found} & set(best.tolist())), distances == sorted(distances)


in_video = (ids >= 4_000) & (ids <= 4_100)
asked = {
    "number between 4000 and 4100": in_video,
    "id between 4000 and 4100": in_video,
    "is_night = 1": ids % 2 == 1,
    "is_night": ids % 2 == 1,
    "camera = 'cam0'": ids % 3 == 0,
    "camera in ('cam0', 'cam2')": ids % 3 != 1,
}
seen = {condition: ask(condition, allowed) for condition, allowed in asked.items()}
print("version: sqlite-vec", database.execute("select vec_version()").fetchone()[0], "SQLite", sqlite3.sqlite_version)
print(f"expected: for each condition the {LIMIT} nearest of the allowed rows in order, or an error")
for condition, (count, right, ordered) in seen.items():
    print(f"seen: {condition:33} {count:2} rows, {right:2} of the {LIMIT} right ones, in order: {ordered}")
whole = (LIMIT, LIMIT, True)
same = (
    all(seen[c] == whole for c in ("number between 4000 and 4100", "is_night = 1", "camera = 'cam0'"))
    and seen["id between 4000 and 4100"][0] == 0
    and seen["is_night"][0] < LIMIT
    and seen["camera in ('cam0', 'cam2')"][0] == 2 * LIMIT
    and not seen["camera in ('cam0', 'cam2')"][2]
)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
