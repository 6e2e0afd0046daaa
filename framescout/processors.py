"""How many processors this process may use, and what they can do.

A container or a batch system seldom grants all of the machine's.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
CPU_FACTS = Path("/proc/cpuinfo")
_most: int | None = None


def usable_processors() -> int:
    """Processors that this process may run on, or whose time a control group grants it; at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min([allowed, _most or allowed, *granted(CGROUPS)])))


def use_at_most(processors: int) -> None:
    """From now on this process uses so many: it shares the machine with others of its kind."""
    global _most
    _most = processors


def multiplies_bf16() -> bool:
    """Whether the processor multiplies bfloat16 natively (AVX-512 BF16 or AMX); known on Linux alone, else False."""
    return _has_one_of({"avx512_bf16", "amx_bf16"})


def multiplies_int8() -> bool:
    """Whether it adds up products of 8 bits in 32 natively (VNNI); known on Linux alone, else False."""
    return _has_one_of({"avx512_vnni", "avx_vnni"})


def _has_one_of(wanted: set[str]) -> bool:
    try:
        facts = CPU_FACTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line.split() for line in facts.splitlines() if line.startswith("flags")), [])
    return not wanted.isdisjoint(flags)


def multiply_with_one_thread() -> None:
    """Keep numpy's products to one thread, unless the environment says how many; before numpy is imported.

    The products of a search are small, and OpenBLAS's other threads wait busily for the next one.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def granted(cgroups: Path) -> Iterator[float]:
    """The processors' time that the control group mounted at `cgroups` is limited to; nothing where it isn't.

    Version 2 says "quota period" in one file, version 1 in two; both in microseconds ("max" and -1: no limit).
    """
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            quota, period = " ".join((cgroups / name).read_text() for name in names).split()
            if int(quota) > 0 and int(period) > 0:
                yield int(quota) / int(period)
        except (OSError, ValueError):
            continue
