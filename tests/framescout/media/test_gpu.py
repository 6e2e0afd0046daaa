"""Decoding on a GPU: that it is asked for, and that the processor does it where it can't be had."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from framescout.media import container
from framescout.media.container import HWAccel, has_device, open_video
from framescout.media.frames import frames_from
from indexer import processes
from indexer.workers import Limits
from tests.footage import make


def frames_of(path: Path, decode_on: str) -> list[tuple[int, float, np.ndarray]]:
    with open_video(path, decode_on=decode_on) as video:
        return [(shown.pts, shown.time, shown.frame.to_ndarray(format="rgb24")) for shown in frames_from(video, 0.0)]


@pytest.mark.skipif(has_device("cuda"), reason="this machine has a GPU")
@pytest.mark.parametrize("name", ["h264.mp4", "h264.ts"])
def test_without_a_card_the_processor_decodes_the_same_frames(tmp_path: Path, name: str) -> None:
    path = make.numbered(tmp_path, name, seconds=1)
    wanted, got = frames_of(path, "cpu"), frames_of(path, "cuda")
    assert len(wanted) == 25
    assert [(pts, time) for pts, time, _ in got] == [(pts, time) for pts, time, _ in wanted]
    for (_, _, one), (_, _, other) in zip(got, wanted, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.skipif(not has_device("cuda"), reason="this machine has no GPU")
def test_a_card_decodes_the_same_frames(tmp_path: Path) -> None:
    path = make.numbered(tmp_path, seconds=1)
    with open_video(path, decode_on="cuda") as video:
        assert video.stream.codec_context.is_hwaccel
    wanted, got = frames_of(path, "cpu"), frames_of(path, "cuda")
    assert [time for _, time, _ in got] == [time for _, time, _ in wanted]
    assert [make.read_number(pixels) for _, _, pixels in got] == [make.read_number(pixels) for _, _, pixels in wanted]


@pytest.mark.parametrize("fails", [False, True], ids=["it opens", "it does not"])
def test_a_card_is_asked_first_and_may_leave_it_to_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    asked: list[HWAccel | None] = []
    really_open = av.open

    def fake_open(*given: object, hwaccel: HWAccel | None = None, **options: object) -> object:
        asked.append(hwaccel)
        if hwaccel is not None and fails:
            raise av.error.ExternalError(1, "no room on the GPU")
        return really_open(*given, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(container.av, "open", fake_open)
    path = make.numbered(tmp_path, seconds=0.2)
    assert len(frames_of(path, "cuda")) == 5
    first = asked[0]
    assert first is not None
    assert first.allow_software_fallback  # for streams that the GPU can't decode
    assert not first.is_hw_owned  # frames come back into the computer's memory
    assert asked[1:] == ([None] if fails else [])


def test_without_being_asked_no_card_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a GPU was looked for")

    monkeypatch.setattr(container, "HWAccel", fail)
    assert not has_device("cpu")
    assert len(frames_of(make.numbered(tmp_path, seconds=0.2), "cpu")) == 5


@pytest.mark.parametrize("trouble", [None, av.error.PermissionError(1, "no driver"), NotImplementedError()])
def test_a_card_is_there_if_libav_can_open_it(monkeypatch: pytest.MonkeyPatch, trouble: Exception | None) -> None:
    def create(_codec: av.codec.Codec) -> None:
        if trouble:
            raise trouble

    monkeypatch.setattr(container, "HWAccel", lambda _: SimpleNamespace(create=create))
    assert has_device("cuda") is (trouble is None)


@pytest.mark.parametrize("is_there", [True, False])
def test_memory_is_limited_only_where_no_card_decodes(monkeypatch: pytest.MonkeyPatch, is_there: bool) -> None:
    resource = pytest.importorskip("resource")
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    monkeypatch.setattr(container, "has_device", lambda _: is_there)
    processes._limit_memory(Limits(max_pixels=1, memory_mib=3, timeout=1.0, decode_on="cuda"))
    assert limits == ([] if is_there else [(3 * 2**20, 3 * 2**20)])
