"""Reads and writes Lance datasets, in folders and object stores. Lance and its Arrow are imported here alone.

A dataset has a row for each keyframe, in order of id: `id` int64 and `vector` float16. Each version of it is a whole
state; what a version is made of is never changed, only deleted once no version names it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import struct
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from pyroaring import BitMap

from framescout.errors import DiskFullError, FramescoutError, NotAvailableError, first_line
from framescout.file_checksums import digest_of

logging.getLogger("pylance").setLevel(logging.WARNING)  # else it tells how long each index took
FAILURES = (OSError, ValueError, RuntimeError)
"""What Lance raises where files are missing, cut, or can't be reached; Arrow's errors among them."""
_A_FRAGMENT = 131_072  # rows a file: the least that a machine of a cluster indexes
_FRAGMENT = 32  # bits of a row's address below the number of its fragment
_DIGEST = 16  # bytes
_SAID = (
    ("AWS credentials", "no keys are known; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ("necessary privileges", "the store refuses it; look at AWS_ACCESS_KEY_ID, and at what that key may do there"),
    ("403 Forbidden", "the store refuses it; look at AWS_ACCESS_KEY_ID, and at what that key may do there"),
    ("error sending request", "the store can't be reached; look at AWS_ENDPOINT_URL and at the network"),
    ("404 Not Found", "there is no such bucket; make it, or name another in your setting vectors"),
    ("Permission denied", "you may not write there; name another place in your setting vectors"),
)
"""What Lance says, and what that means."""
_IMPATIENT = {"client_max_retries": "1", "client_retry_timeout": "5", "connect_timeout": "3s", "request_timeout": "30s"}
"""For an object store that may be gone: a question can be answered without it, and a build can say so at once."""


def overwrite(address: str, parts: Iterator[tuple[np.ndarray, np.ndarray]], width: int) -> Any:
    """A new version of the dataset that holds these ids and (n, W) float16 rows alone; of a new dataset the first."""
    schema = pa.schema([("id", pa.int64()), ("vector", pa.list_(pa.float16(), width))])
    batches = (pa.record_batch([pa.array(ids), _vectors(rows)], schema=schema) for ids, rows in parts)
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    mode = "create" if newest(address) is None else "overwrite"
    return lance.write_dataset(reader, address, mode=mode, max_rows_per_file=_A_FRAGMENT)


def add_index(dataset: Any, centres: np.ndarray) -> Any:
    """A version with an index of 8 bits a dimension, in as many partitions as there are (P, W) float32 centres."""
    given = {"num_partitions": len(centres), "ivf_centroids": _vectors(centres.astype(np.float16))}
    return dataset.create_index("vector", "IVF_SQ", metric="dot", replace=True, **given)


def index_part(address: str, number: int, fragments: list[int], centres: np.ndarray) -> Any:
    """An index of some fragments of a version, which no version has yet; `with_index` adds it."""
    dataset = lance.dataset(address, version=number)
    return dataset.create_index_uncommitted(
        "vector",
        "IVF_SQ",
        metric="dot",
        num_partitions=len(centres),
        ivf_centroids=_vectors(centres.astype(np.float16)),
        fragment_ids=fragments,
    )


def with_index(dataset: Any, parts: list[Any]) -> Any:
    """A version whose index are these parts, as `index_part` made them."""
    return dataset.commit_existing_index_segments("vector_idx", "vector", parts)


def newest(address: str) -> Any | None:
    """The newest version of a dataset; None where there is none.

    Raises:
        One of FAILURES: the address can't be reached or read.
    """
    try:
        return lance.dataset(address, storage_options=_IMPATIENT)
    except ValueError as error:
        if "was not found" in str(error):
            return None
        raise


def version(address: str, number: int) -> Any:
    """A version of a dataset.

    Raises:
        One of FAILURES: it is gone, or the address can't be reached.
    """
    return lance.dataset(address, version=number, storage_options=_IMPATIENT)


def search(
    dataset: Any, queries: np.ndarray, limit: int, partitions: int, allowed: bytes | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each of (Q, W) float32 queries ids (n,) int64 and scores (n,) float32, in no order.

    `allowed`: addresses of the rows that may be found, as `allowlist` writes them; None: all.

    Raises:
        One of FAILURES: files are missing or damaged.
    """
    nearest = {"column": "vector", "q": queries, "k": limit, "nprobes": partitions}
    columns = ["id", "_distance"]
    scanner = dataset.scanner(columns=columns, nearest=nearest, row_addr_allowlist=allowed, prefilter=True)
    table = scanner.to_table()
    ids, scores = table["id"].to_numpy(), 1 - table["_distance"].to_numpy()
    asked = table["query_index"].to_numpy()
    for number in range(len(queries)):
        chosen = asked == number
        yield ids[chosen], scores[chosen]


def allowlist(addresses: np.ndarray) -> bytes:
    """Row addresses as a search takes them: a Roaring bitmap a fragment.

    Before each stand the fragment's number and the bitmap's length, before all how many there are.

    `addresses`: (R, 2) int64 ranges [first, last + 1), sorted; none lies in two fragments.
    """
    fragments: defaultdict[int, BitMap] = defaultdict(BitMap)
    for first, end in addresses.tolist():
        number = first >> _FRAGMENT
        start = number << _FRAGMENT
        fragments[number].add_range(first - start, end - start)
    written = [struct.pack("<I", len(fragments))]
    for number, rows in fragments.items():
        rows.run_optimize()
        bitmap = rows.serialize()
        written += [struct.pack("<II", number, len(bitmap)), bitmap]
    return b"".join(written)


def ids_in(dataset: Any) -> Iterator[np.ndarray]:
    """All ids in the order of their rows, (n,) int64 at a time."""
    for batch in dataset.scanner(columns=["id"], scan_in_order=True).to_batches():
        yield batch["id"].to_numpy()


def rows_in(dataset: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All ids (n,) int64 and rows (n, W) float16."""
    for batch in dataset.scanner(columns=["id", "vector"], scan_in_order=True).to_batches():
        rows = batch["vector"].flatten().to_numpy(zero_copy_only=False)
        yield batch["id"].to_numpy(), rows.reshape(batch.num_rows, -1)


def fragments_of(dataset: Any) -> list[tuple[int, int]]:
    """Number and rows of each fragment, in the order of their rows."""
    return [(fragment.fragment_id, fragment.physical_rows) for fragment in dataset.get_fragments()]


def shape_of(dataset: Any) -> tuple[int, int]:
    """Rows, and numbers in a vector."""
    return dataset.count_rows(), dataset.schema.field("vector").type.list_size


def indexed_rows(dataset: Any) -> int:
    """How many rows the index holds."""
    return sum(index.num_rows_indexed for index in dataset.describe_indices())


def layout(dataset: Any) -> str | None:
    """A checksum of names and sizes of the files that a version is made of; None where one is missing."""
    named = _files(dataset)
    there = dataset.all_files().read_all()
    sizes = dict(zip(there["path"].to_pylist(), there["size_bytes"].to_pylist(), strict=True))
    if not named or not all(name in sizes for name in named):
        return None
    digest = hashlib.blake2b(digest_size=_DIGEST)
    for name in named:
        digest.update(f"{name} {sizes[name]}\n".encode())
    return digest.hexdigest()


def content(dataset: Any, folder: Path) -> str:
    """A checksum of all bytes of the files that a version of a dataset in a folder is made of."""
    digest = hashlib.blake2b(digest_size=_DIGEST)
    for name in _files(dataset):
        digest.update(digest_of(folder / name))
    return digest.hexdigest()


def _files(dataset: Any) -> list[str]:
    """Names of the files that a version is made of, but for the notes of what was done."""
    tracked = dataset.tracked_files(min_version=dataset.version).read_all().to_pylist()
    return sorted(
        each["path"] for each in tracked if each["version"] == dataset.version and each["type"] != "transaction file"
    )


def tag(dataset: Any, name: str) -> None:
    """Name a version, so that it is not cleaned away; a name that a lost version had goes over to it."""
    write = dataset.tags.update if name in dataset.tags.list() else dataset.tags.create
    write(name, dataset.version)


def tags_of(dataset: Any) -> dict[str, int]:
    """The versions of a dataset that have names."""
    return {name: each["version"] for name, each in dataset.tags.list().items()}


def clean(dataset: Any, unwanted: list[str]) -> None:
    """Drop these names, then all versions without one but the newest, and files that no version names.

    Nobody may write to the dataset meanwhile.
    """
    for name in unwanted:
        dataset.tags.delete(name)
    dataset.cleanup_old_versions(timedelta(0), delete_unverified=True, error_if_tagged_old_versions=False)


def drop(address: str) -> None:
    """Delete a dataset, if there is one that can be reached."""
    with contextlib.suppress(*FAILURES):
        lance.LanceDataset.drop(address)


def sentence(error: Exception, address: str) -> FramescoutError:
    """What a failure of writing means for a person, and the way out."""
    said = str(error)
    if any(mark in said for mark in ("No space left", "StorageFull")):
        return DiskFullError(f"the vector index can't be written to {address} (no space left); make room there")
    why = next((sentence for mark, sentence in _SAID if mark in said), f"{reason(error)}; look at your setting vectors")
    return NotAvailableError(f"the vector index can't be written to {address}: {why}")


def reason(error: Exception) -> str:
    """What Lance says, without its places in its source."""
    return first_line(error).partition(", /home/runner")[0]


def _vectors(rows: np.ndarray) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(rows).ravel()), rows.shape[1])
