#!/usr/bin/env bash
# milvus-lite 3.2.2: `field in [0.9]` on a FLOAT field finds its row, until the field is indexed and the data flushed.
#
# Expected: a scalar index makes a filter faster and never changes its rows. `field in [0.9]` and `field == 0.9` agree,
# and `>=` takes in the value that was stored. (A FLOAT keeps 0.9 as 0.89999998: a database compares it with the
# literal in the same 32 bits, or with 64 bits everywhere; users of either see one answer.)
# Seen: both are done. `in` compares in 32 bits and finds the row, `==`, `!=`, `>=` and `<=` in 64 bits and don't: a row
# stored as 0.9 is neither == 0.9 nor >= 0.9, and one stored as 0.3 isn't <= 0.3. After `add_index` and `flush` the `in`
# is answered from the index, in 64 bits, so that the same filter finds nothing, and `not in` gives that row as well.
# Before the flush the index is there and the row still is too. DOUBLE fields answer rightly throughout.
# Cost to a video search: results by a stored confidence or frame rate go missing once the data is written to disk,
# and thresholds leave out what lies on them. Tests on fresh data, not flushed, pass.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "milvus-lite==3.2.2" "pymilvus==3.0.2"
venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import version

from pymilvus import DataType, MilvusClient

client = MilvusClient("archive.db")
FILTERS = ("in [0.9]", "not in [0.9]", "== 0.9", "!= 0.9", ">= 0.9", "<= 0.3")
# The row i holds i / 10.
right = {"in [0.9]": [9], "not in [0.9]": [i for i in range(11) if i != 9], "== 0.9": [9]}
right |= {"!= 0.9": right["not in [0.9]"], ">= 0.9": [9, 10], "<= 0.3": [0, 1, 2, 3]}
print("version: milvus-lite", version("milvus-lite"), "pymilvus", version("pymilvus"))
print("expected:", right)
wrong = {}
for kind in (DataType.FLOAT, DataType.DOUBLE):
    for indexed in (False, True):
        name = f"{kind.name}_{'indexed' if indexed else 'plain'}"
        schema = client.create_schema(auto_id=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("score", kind)
        index = client.prepare_index_params()
        index.add_index("vector", index_type="FLAT", metric_type="L2")
        if indexed:
            index.add_index("score", index_type="INVERTED")
        client.create_collection(name, schema=schema, index_params=index)
        client.insert(name, [{"id": i, "vector": [i, 0], "score": i / 10} for i in range(11)])
        for state in ("fresh", "flushed"):
            if state == "flushed":
                client.flush(name)
            found = {each: sorted(r["id"] for r in client.query(name, filter=f"score {each}")) for each in FILTERS}
            wrong[name, state] = {each: rows for each, rows in found.items() if rows != right[each]}
            print(f"seen: {name}, {state}: wrong are {wrong[name, state] or 'none'}")
compared = {"== 0.9", "!= 0.9", ">= 0.9", "<= 0.3"}
same = (
    all(not odd for (name, _), odd in wrong.items() if name.startswith("DOUBLE"))
    and all(set(wrong[key]) == compared for key in wrong if key[0] == "FLOAT_plain")
    and set(wrong["FLOAT_indexed", "fresh"]) == compared
    and wrong["FLOAT_indexed", "flushed"]["in [0.9]"] == []
    and 9 in wrong["FLOAT_indexed", "flushed"]["not in [0.9]"]
)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
