"""The engines that search_peers.py compares: each builds a store on disk, opens it, and answers one query at a time.

Run by search_peers.py in processes of their own, some under another interpreter; so nothing here imports framescout but
the engine that is framescout. Each is used as its own documentation recommends for so many vectors; `knobs` are the
settings that trade recall for time, in the order in which they find more.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

_AT_ONCE = 20_000  # rows that are handed over together


def parts(rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """First row's number and (n, D) float32, a part at a time."""
    for start in range(0, len(rows), _AT_ONCE):
        yield start, np.asarray(rows[start : start + _AT_ONCE], np.float32)


class Engine:
    knobs: Sequence[Any] = (None,)

    def build(self, rows: np.ndarray, folder: Path) -> None:
        """Write (N, D) float16 rows, known by their numbers, into `folder`."""
        raise NotImplementedError

    def open(self, folder: Path, dimensions: int) -> None:
        raise NotImplementedError

    def turn(self, knob: Any) -> None:
        """Search with this setting from now on."""

    def search(self, query: np.ndarray, count: int) -> Any:
        """Numbers of the `count` nearest of one (D,) float32 query."""
        raise NotImplementedError


class Numpy(Engine):
    """One BLOB a picture in SQLite, all read into one float32 matrix: how rclip and MaterialSearch do it."""

    def build(self, rows: np.ndarray, folder: Path) -> None:
        with sqlite3.connect(folder / "db.sqlite") as database:
            database.execute("create table images (id integer primary key, vector blob)")
            for start, part in parts(rows):
                database.executemany(
                    "insert into images values (?, ?)", [(start + i, row.tobytes()) for i, row in enumerate(part)]
                )

    def open(self, folder: Path, dimensions: int) -> None:
        database = sqlite3.connect(folder / "db.sqlite")
        count = database.execute("select max(id) + 1 from images").fetchone()[0]
        self._rows = np.empty((count, dimensions), np.float32)
        for number, vector in database.execute("select id, vector from images"):
            self._rows[number] = np.frombuffer(vector, np.float32)

    def search(self, query: np.ndarray, count: int) -> Any:
        scores = self._rows @ query
        best = np.argpartition(-scores, count)[:count]
        return best[np.argsort(-scores[best])]


class Hnswlib(Engine):
    knobs = (100, 150, 200, 220, 240, 260, 300, 350, 400, 450, 500, 550, 600, 800, 1200, 2000)

    def build(self, rows: np.ndarray, folder: Path) -> None:
        import hnswlib

        index = hnswlib.Index(space="ip", dim=rows.shape[1])
        index.init_index(max_elements=len(rows), ef_construction=200, M=16)
        for start, part in parts(rows):
            index.add_items(part, np.arange(start, start + len(part)))
        index.save_index(str(folder / "hnsw.bin"))

    def open(self, folder: Path, dimensions: int) -> None:
        import hnswlib

        self._index = hnswlib.Index(space="ip", dim=dimensions)
        self._index.load_index(str(folder / "hnsw.bin"))

    def turn(self, knob: Any) -> None:
        self._index.set_ef(knob)

    def search(self, query: np.ndarray, count: int) -> Any:
        return self._index.knn_query(query[None], count, num_threads=1)[0][0]


class Usearch(Engine):
    """Its default precision, viewed from disk."""

    knobs = (64, 100, 150, 200, 300, 400, 600, 800, 1200, 2000)

    def build(self, rows: np.ndarray, folder: Path) -> None:
        from usearch.index import Index

        index = Index(ndim=rows.shape[1], metric="ip")
        for start, part in parts(rows):
            index.add(np.arange(start, start + len(part)), part)
        index.save(str(folder / "index.usearch"))

    def open(self, folder: Path, dimensions: int) -> None:
        from usearch.index import Index

        self._index = Index.restore(str(folder / "index.usearch"), view=True)

    def turn(self, knob: Any) -> None:
        self._index.expansion_search = knob

    def search(self, query: np.ndarray, count: int) -> Any:
        return self._index.search(query, count).keys


class UsearchSmall(Usearch):
    """8 bits a dimension: its smallest that keeps cosines."""

    def build(self, rows: np.ndarray, folder: Path) -> None:
        from usearch.index import Index

        index = Index(ndim=rows.shape[1], metric="cos", dtype="i8")
        for start, part in parts(rows):
            index.add(np.arange(start, start + len(part)), part)
        index.save(str(folder / "index.usearch"))


class LanceDB(Engine):
    """IVF_PQ, its default, with refinement."""

    knobs = ((10, 4), (20, 4), (40, 4), (20, 10), (40, 10), (80, 10), (160, 10), (320, 20))
    settings: Mapping[str, Any] = MappingProxyType({"index_type": "IVF_PQ"})

    def build(self, rows: np.ndarray, folder: Path) -> None:
        import lancedb
        import pyarrow as pa

        kind = pa.list_(pa.float32(), rows.shape[1])
        schema = pa.schema([("id", pa.int64()), ("vector", kind)])
        table = lancedb.connect(folder).create_table("keyframes", schema=schema)
        for start, part in parts(rows):
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), rows.shape[1])
            table.add(pa.table({"id": np.arange(start, start + len(part)), "vector": vectors}, schema=schema))
        table.create_index(metric="dot", **self.settings)

    def open(self, folder: Path, dimensions: int) -> None:
        import lancedb

        self._table = lancedb.connect(folder).open_table("keyframes")

    def turn(self, knob: Any) -> None:
        self._lists, self._factor = knob

    def search(self, query: np.ndarray, count: int) -> Any:
        asked = self._table.search(query).distance_type("dot").nprobes(self._lists).refine_factor(self._factor)
        return asked.select(["id"]).limit(count).to_arrow()["id"].to_numpy()


class LanceRabit(LanceDB):
    """IVF_RQ, one bit a dimension, with refinement."""

    settings = MappingProxyType({"index_type": "IVF_RQ", "num_bits": 1})


class Qdrant(Engine):
    """Local mode, which compares every vector."""

    def build(self, rows: np.ndarray, folder: Path) -> None:
        from qdrant_client import QdrantClient
        from qdrant_client.models import Distance, VectorParams

        client = QdrantClient(path=str(folder))
        client.create_collection("keyframes", VectorParams(size=rows.shape[1], distance=Distance.DOT))
        for start, part in parts(rows):
            client.upload_collection("keyframes", part, ids=range(start, start + len(part)))
        client.close()

    def open(self, folder: Path, dimensions: int) -> None:
        from qdrant_client import QdrantClient

        self._client = QdrantClient(path=str(folder))

    def search(self, query: np.ndarray, count: int) -> Any:
        found = self._client.query_points("keyframes", query=query.tolist(), limit=count, with_payload=False)
        return [point.id for point in found.points]


class SqliteVec(Engine):
    """A vec0 table of float vectors."""

    column = "float[{}]"

    def build(self, rows: np.ndarray, folder: Path) -> None:
        database = self._connect(folder)
        column = self.column.format(rows.shape[1])
        database.execute(f"create virtual table keyframes using vec0(id integer primary key, vector {column})")
        for start, part in parts(rows):
            database.executemany(
                "insert into keyframes values (?, ?)", [(start + i, row.tobytes()) for i, row in enumerate(part)]
            )
            database.commit()

    def open(self, folder: Path, dimensions: int) -> None:
        self._database = self._connect(folder)

    def search(self, query: np.ndarray, count: int) -> Any:
        asked = "select id from keyframes where vector match ? and k = ?"
        return [number for (number,) in self._database.execute(asked, (query.tobytes(), count))]

    def _connect(self, folder: Path) -> Any:
        import pysqlite3  # Python's own is often built without extensions
        import sqlite_vec

        database = pysqlite3.connect(str(folder / "vec.sqlite"))
        database.enable_load_extension(True)
        sqlite_vec.load(database)
        database.enable_load_extension(False)
        return database


class SqliteVecBits(SqliteVec):
    """One bit a dimension, and the floats of the nearest read again, as its guide to binary quantization does."""

    knobs = (4, 8, 16, 32)

    def build(self, rows: np.ndarray, folder: Path) -> None:
        database = self._connect(folder)
        width = rows.shape[1]
        columns = f"id integer primary key, bits bit[{width}], +vector blob"
        database.execute(f"create virtual table keyframes using vec0({columns})")
        for start, part in parts(rows):
            database.executemany(
                "insert into keyframes(id, bits, vector) values (?, vec_quantize_binary(?), ?)",
                [(start + i, row.tobytes(), row.tobytes()) for i, row in enumerate(part)],
            )
            database.commit()

    def turn(self, knob: Any) -> None:
        self._times = knob

    def search(self, query: np.ndarray, count: int) -> Any:
        asked = """with near as (select id, vector from keyframes where bits match vec_quantize_binary(?) and k = ?)
                   select id from near order by vec_distance_cosine(vector, ?) limit ?"""
        given = query.tobytes()
        return [number for (number,) in self._database.execute(asked, (given, self._times * count, given, count))]


class Milvus(Engine):
    """AUTOINDEX, which is HNSW where faiss is installed."""

    knobs = (100, 200, 400, 800, 1600)

    def build(self, rows: np.ndarray, folder: Path) -> None:
        from pymilvus import DataType, MilvusClient

        client = MilvusClient(str(folder / "milvus.db"))
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=rows.shape[1])
        client.create_collection("keyframes", schema=schema)
        for start, part in parts(rows):
            for at in range(0, len(part), 5000):
                client.insert(
                    "keyframes", [{"id": start + at + i, "vector": row} for i, row in enumerate(part[at : at + 5000])]
                )
        index = client.prepare_index_params()
        index.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
        client.create_index("keyframes", index)
        client.load_collection("keyframes")
        client.close()

    def open(self, folder: Path, dimensions: int) -> None:
        from pymilvus import MilvusClient

        self._client = MilvusClient(str(folder / "milvus.db"))
        self._client.load_collection("keyframes")

    def turn(self, knob: Any) -> None:
        self._settings = {"metric_type": "IP", "params": {"ef": knob}}

    def search(self, query: np.ndarray, count: int) -> Any:
        found = self._client.search("keyframes", [query.tolist()], limit=count, search_params=self._settings)
        return [hit["id"] for hit in found[0]]


class Framescout(Engine):
    """A catalog, and the index that `framescout index` makes of it; None walks as many lists as it was tuned to."""

    knobs = (32, 48, 64, 80, 88, 96, 104, 112, 120, 128, 144, 160, 192, 256, 384, 512, 768, None)

    def build(self, rows: np.ndarray, folder: Path) -> None:
        from benchmarks.archive import fill, publish
        from benchmarks.realistic import find_seeds

        catalog = fill(folder, (part.astype(np.float16) for _, part in parts(rows)), rows.shape[1])
        publish(catalog, find_seeds(folder.parent, rows.shape[1]).trial)

    def open(self, folder: Path, dimensions: int) -> None:
        from framescout.catalog import Catalog
        from framescout.vectors import store_in

        catalog = Catalog.open(folder)
        self._snapshot = catalog.snapshot()
        snapshot = self._snapshot.__enter__()
        (model,) = snapshot.models()
        self._space, self._store = snapshot.space(model), store_in(catalog.vectors_folder)

    def turn(self, knob: Any) -> None:
        from msgspec.structs import replace

        from framescout.vectors import VectorIndex

        tuned = self._space.generation()
        assert tuned is not None
        generation = tuned if knob is None else replace(tuned, nprobe=knob)
        self._index = VectorIndex(self._space, generation, self._store.open(generation, self._space.model))

    def search(self, query: np.ndarray, count: int) -> Any:
        return self._index.search(query[None], count)[0][0] - 1


ENGINES: dict[str, type[Engine]] = {
    "framescout": Framescout,
    "numpy over SQLite": Numpy,
    "hnswlib": Hnswlib,
    "usearch": Usearch,
    "usearch, 8 bits": UsearchSmall,
    "LanceDB, IVF_PQ": LanceDB,
    "LanceDB, IVF_RQ": LanceRabit,
    "Qdrant, local": Qdrant,
    "sqlite-vec": SqliteVec,
    "sqlite-vec, bits": SqliteVecBits,
    "Milvus Lite": Milvus,
}


def memory() -> dict[str, float]:
    """Of this process, in MB: resident, and the part of it that is no mapped file."""
    facts = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    return {name: int(facts[key].split()[0]) / 1024 for name, key in (("resident", "VmRSS"), ("own", "RssAnon"))}


def build(engine: Engine, rows: np.ndarray, folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True)
    started = time.perf_counter()
    engine.build(rows, folder)
    took = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    processor = used.ru_utime + used.ru_stime
    return {"seconds": took, "processor": processor, "peak": used.ru_maxrss / 1024, "size": size / 2**20}


def ask(engine: Engine, queries: np.ndarray, exact: np.ndarray, folder: Path, knobs: Sequence[Any]) -> dict[str, Any]:
    """Open, then every query once with each of the knobs."""
    before = memory()
    started = time.perf_counter()
    engine.open(folder, queries.shape[1])
    engine.turn(knobs[0])
    engine.search(queries[0], 100)
    opened = time.perf_counter() - started
    runs = []
    for knob in knobs:
        engine.turn(knob)
        for query in queries[:20]:
            engine.search(query, 100)
        taken, found = [], []
        for query in queries:
            started = time.perf_counter()
            found.append(engine.search(query, 100))
            taken.append(time.perf_counter() - started)
        runs.append({"knob": knob, "ms": np.percentile(np.array(taken) * 1000, [50, 95, 99]).tolist()})
        for count in (10, 100):
            hits = [len(np.intersect1d(f[:count], e[:count])) for f, e in zip(found, exact, strict=True)]
            runs[-1][f"recall@{count}"] = float(np.mean(hits)) / count
    after = memory()
    return {"open": opened, "memory": {name: after[name] - before[name] for name in after}, "runs": runs}


def main() -> None:
    """search_engines.py build|ask ENGINE ROWS QUERIES EXACT FOLDER [KNOBS]: prints one line of JSON at its end."""
    what, name, rows, queries, exact, folder = sys.argv[1:7]
    engine = ENGINES[name]()
    if what == "build":
        result = build(engine, np.load(rows, mmap_mode="r"), Path(folder))
    else:
        knobs = json.loads(sys.argv[7]) if len(sys.argv) > 7 else engine.knobs
        result = ask(engine, np.load(queries), np.load(exact), Path(folder), knobs)
    sys.stdout.write(f"\n{json.dumps(result)}\n")


if __name__ == "__main__":
    main()
