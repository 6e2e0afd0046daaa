#!/usr/bin/env bash
# milvus-lite 3.2.2: an upsert clears declared fields that it doesn't name, and keeps the old values of dynamic ones.
#
# Expected: an upsert puts a new row in the place of the old one. pymilvus has `partial_update=True` for those who want
# to keep what they don't name, and it is off unless asked for. The documentation of Milvus says the same of dynamic
# fields: without it they become those of the request. So after a plain upsert nothing old is left.
# Seen: declared fields are None or their default, as expected: pymilvus fills those in by itself. Dynamic fields (the
# keys that the schema doesn't declare) keep their old values, with `partial_update=False` said outright too, because
# milvus-lite merges every upsert into the old row. Filters find the row by them. Delete and insert leaves nothing.
# Cost to a video search: tags and captions are the natural use of dynamic fields. A picture that is indexed anew and
# has no person in it any more still answers to the old tag: new vector, old words, in one row, without an error.
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
schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
schema.add_field("declared", DataType.VARCHAR, max_length=20, nullable=True)
schema.add_field("with_default", DataType.VARCHAR, max_length=20, default_value="none")
index = client.prepare_index_params()
index.add_index("vector", index_type="FLAT", metric_type="L2")
client.create_collection("keyframe", schema=schema, index_params=index)
NAMES = ("declared", "with_default", "dynamic")
old = {name: "person" for name in NAMES}
client.insert("keyframe", [{"id": i, "vector": [i, 0], **old} for i in range(5)])

client.upsert("keyframe", [{"id": 1, "vector": [1, 1]}])
client.upsert("keyframe", [{"id": 2, "vector": [2, 1]}], partial_update=False)
client.upsert("keyframe", [{"id": 3, "vector": [3, 1]}], partial_update=True)
client.delete("keyframe", ids=[4])
client.insert("keyframe", [{"id": 4, "vector": [4, 1]}])
print("version: milvus-lite", version("milvus-lite"), "pymilvus", version("pymilvus"))
print("expected: nothing of the old row after 1 and 2, all of it after 3, nothing after 4")
left = {}
what = {1: "upsert", 2: "upsert, partial_update=False", 3: "upsert, partial_update=True", 4: "delete and insert"}
for number, did in what.items():
    row = client.query("keyframe", filter=f"id == {number}", output_fields=["*"])[0]
    left[number] = [name for name in NAMES if row.get(name) == "person"]
    print(f"seen: {number}, {did}: old values are left in {left[number]}")
found = sorted(
    hit["id"] for hit in client.search("keyframe", [[2.0, 1.0]], limit=5, filter="dynamic == 'person'")[0]
)
print("seen: a search with the filter dynamic == 'person' finds", found)
same = left == {1: ["dynamic"], 2: ["dynamic"], 3: list(NAMES), 4: []} and found == [0, 1, 2, 3]
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
