"""`framescout doctor`: what this machine has, what is missing, and the way out of each trouble."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import click

from framescout.errors import FramescoutError

_LITTLE_SPACE = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: Literal["ok", "warn", "fail"]
    says: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what this machine has: packages, ffmpeg, codecs, processor and GPU, models, free disk, settings.

    \b
    Exit status: 0 all that is needed is there; 3 something is missing.
    """
    from framescout.settings import catalog_folder

    folder = catalog_folder(ctx.obj["catalog"])
    findings = [*_packages(), *_ffmpeg(), *_decoders(), *_machine(), *_model(), *_disk(folder)]
    findings += _settings(ctx.obj["config"])
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        colours = {"ok": "green", "warn": "yellow", "fail": "red"}
        for finding in findings:
            click.echo(
                f"{click.style(f'{finding.state:4}', fg=colours[finding.state])}  {finding.what:12} {finding.says}"
            )
    if any(finding.state == "fail" for finding in findings):
        ctx.exit(3)


def _packages() -> Iterator[Finding]:
    import framescout

    yield Finding("framescout", "ok", f"{framescout.__version__} on Python {platform.python_version()}")
    for package in ("torch", "open_clip_torch", "av", "onnxruntime", "sqlalchemy", "ffmpeg-python"):
        yield _installed(package, package)
    yield _installed("faiss", "faiss-gpu", "faiss-cpu")
    owners = importlib.metadata.packages_distributions()
    for name in ("indexer", "query"):
        others = sorted(set(owners.get(name, [])) - {"framescout"})
        if others:  # the names are generic: another distribution may have put its files over ours
            way_out = f"pip uninstall {others[0]}, then install framescout again"
            yield Finding(name, "fail", f"belongs to {', '.join(others)} as well; {way_out}")


def _installed(what: str, *names: str) -> Finding:
    for name in names:
        try:
            version = importlib.metadata.version(name)
            return Finding(what, "ok", version if name == what else f"{name} {version}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return Finding(what, "fail", f"not installed; pip install {names[0]}")


def _ffmpeg() -> Iterator[Finding]:
    from framescout.media.ffmpeg import find_ffmpeg, has_encoder

    try:
        program = find_ffmpeg()
    except FramescoutError as error:
        yield Finding("ffmpeg", "fail", str(error))
        return
    yield Finding("ffmpeg", "ok", program)
    for encoder in ("libx264", "aac"):
        if not has_encoder(encoder):
            yield Finding(
                encoder, "fail", "this ffmpeg can't encode with it; pip install imageio-ffmpeg has one that can"
            )


def _decoders() -> Iterator[Finding]:
    from framescout.media.container import decodable

    missing = [codec for codec in ("h264", "hevc", "vp9", "av1", "mpeg4", "mjpeg", "prores") if not decodable(codec)]
    if missing:
        yield Finding("decoders", "warn", f"missing: {', '.join(missing)}; pip install --upgrade av")
    else:
        yield Finding("decoders", "ok", "H.264, HEVC, VP9, AV1, MPEG-4, MJPEG, ProRes")


def _machine() -> Iterator[Finding]:
    from framescout.embedding.machine import machine

    facts = machine()
    yield Finding("processor", "ok", f"{os.cpu_count()} cores; transformers are embedded in {facts.precision}")
    yield Finding("graphics", "ok", facts.gpu or "no card that torch can use: embedding runs on the processor")


def _model() -> Iterator[Finding]:
    from framescout import settings
    from framescout.embedding import fingerprint

    name = settings.load().model
    try:
        yield Finding("model", "ok", f"{name} ({fingerprint(name)[:12]})")
    except FramescoutError as error:
        yield Finding("model", "fail", str(error))


def _disk(folder: Path) -> Iterator[Finding]:
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    yield Finding("catalog", "ok" if (folder / "catalog.sqlite").exists() else "warn", _catalog(folder))
    yield Finding("disk", "ok" if free > _LITTLE_SPACE else "warn", f"{free / 2**30:.1f} GiB free at {existing}")


def _catalog(folder: Path) -> str:
    return (
        str(folder) if (folder / "catalog.sqlite").exists() else f"{folder} is not there yet; framescout index makes it"
    )


def _settings(config: Path | None) -> Iterator[Finding]:
    from framescout.settings import layers

    values: dict[str, tuple[Any, str]] = {}
    for source, given in layers(config):
        values |= {name: (value, source) for name, value in given.items()}
    for name, (value, source) in values.items():
        yield Finding(name, "ok", f"{value!r} ({source})")
