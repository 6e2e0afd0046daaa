"""As many processors are counted as the process may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from framescout import processors


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, []),
        ({"cpu.max": "max 100000\n"}, []),
        ({"cpu.max": "150000 100000\n"}, [1.5]),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, []),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, [4.0]),
        ({"cpu.max": "nonsense\n"}, []),
    ],
)
def test_a_control_group_says_what_it_grants(tmp_path: Path, files: dict[str, str], expected: list[float]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert list(processors.granted(tmp_path)) == expected


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system doesn't bind processes to processors")
def test_a_process_that_is_bound_to_one_processor_counts_one() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert processors.usable_processors() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_the_smaller_of_what_is_allowed_and_granted_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "CGROUPS", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "cpu.max").write_text("250000 100000")
    assert processors.usable_processors() == 3


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx512_bf16 sse\n", True),
        ("processor\t: 0\nflags\t\t: fpu amx_tile amx_bf16\n", True),
        ("processor\t: 0\nflags\t\t: fpu avx512f not_avx512_bf16\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd bf16\n", False),
        ("", False),
    ],
)
def test_bfloat16_is_read_off_the_processors_flags(
    facts: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(facts)
    monkeypatch.setattr(processors, "CPU_FACTS", tmp_path / "cpuinfo")
    assert processors.multiplies_bf16() == expected
    monkeypatch.setattr(processors, "CPU_FACTS", tmp_path / "nowhere")
    assert not processors.multiplies_bf16()


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ("flags\t\t: fpu avx512f avx512_vnni\n", True),
        ("flags\t\t: fpu avx2 avx_vnni\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
    ],
)
def test_so_are_products_of_8_bits(facts: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpuinfo").write_text(facts)
    monkeypatch.setattr(processors, "CPU_FACTS", tmp_path / "cpuinfo")
    assert processors.multiplies_int8() == expected
