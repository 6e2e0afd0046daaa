"""Uses GPUs to build an index, where FAISS finds some; what is written does not depend on them.

Building takes most of its time to learn the lists' centres and to find each vector's list. The processor searches: a
question takes it half a millisecond of the ten or more that an answer takes, and the GPUs' indexes know no filters.
"""

from __future__ import annotations

from typing import Any

from framescout.vectors.files import load_faiss


def on_gpus(index: Any) -> Any:
    """A copy of a FAISS index spread over all GPUs, in fp16; the index itself where there is no GPU, or no room."""
    faiss = load_faiss()
    if faiss.get_num_gpus() == 0:
        return index
    options = faiss.GpuMultipleClonerOptions()
    options.shard = options.useFloat16 = True
    try:
        return faiss.index_cpu_to_all_gpus(index, co=options)
    except RuntimeError:
        return index
