"""`framescout doctor`: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

import click
import msgspec
from msgspec.structs import asdict

from framescout.address import Address
from framescout.errors import FramescoutError

_LITTLE_SPACE = 2 * 2**30
_ENCODERS = ("libx264", "aac")
"""What cutting a clip needs."""
_LEFT_OUT = {"torch", "open_clip_torch"}  # by requirements-small.txt


class Finding(msgspec.Struct, frozen=True):
    """The result of one check."""

    what: str
    state: Literal["ok", "warn", "fail"]
    says: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what this machine has: packages, ffmpeg, codecs, processor and GPU, models, free disk, settings.

    \b
    framescout doctor
    framescout doctor --json

    Exit status: 0 all that is needed is there; 3 something is missing.
    """
    from framescout.settings import catalog_folder, catalog_place

    place, folder, config = catalog_place(ctx.obj), catalog_folder(ctx.obj), ctx.obj["config"]
    findings = [
        *_looked_at("packages", _packages),
        *_looked_at("ffmpeg", lambda: _ffmpeg(config, folder)),
        *_looked_at("decoders", _decoders),
        *_looked_at("decoding", lambda: _decoding(config, folder)),
        *_looked_at("processor", _machine),
        *_looked_at("model", lambda: _model(config, folder)),
        *_looked_at("catalog", lambda: _catalog(place)),
        *_looked_at("disk", lambda: _disk(folder)),
        *_looked_at("settings", lambda: _settings(config, folder)),
    ]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    if any(finding.state == "fail" for finding in findings):
        ctx.exit(3)


def _show(findings: list[Finding]) -> None:
    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        state = click.style(f"{finding.state:4}", fg=colours[finding.state])
        says = finding.says.encode("utf-8", "backslashreplace").decode()
        click.echo(f"{state}  {finding.what:{width}}  {says}")


def _looked_at(what: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What `look` finds; a thing so broken that looking fails is a finding too."""
    try:
        return list(look())
    except FramescoutError as error:
        return [Finding(what, "fail", str(error))]
    except (ImportError, OSError) as error:
        return [Finding(what, "fail", f"can't be looked at ({error}); install framescout into a new environment")]


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
    if what in _LEFT_OUT:
        return Finding(what, "ok", "not installed (a small install): needed only to make other models ready")
    return Finding(what, "fail", f"not installed; pip install {names[0]}")


def _ffmpeg(config: Path | None, catalog: Path) -> Iterator[Finding]:
    from framescout import settings
    from framescout.media.ffmpeg import choose_ffmpeg, find_ffmpeg, has_encoder, version

    choose_ffmpeg(settings.load(config, catalog=catalog).ffmpeg)
    yield Finding("ffmpeg", "ok", f"{version()}, {find_ffmpeg()}")
    missing = [encoder for encoder in _ENCODERS if not has_encoder(encoder)]
    if missing:
        way_out = "name another one in the setting ffmpeg, or leave it empty: the package imageio-ffmpeg brings one"
        yield Finding("encoders", "fail", f"this ffmpeg has no {' and no '.join(missing)}; {way_out}")
    else:
        yield Finding("encoders", "ok", ", ".join(_ENCODERS))


def _decoders() -> Iterator[Finding]:
    from framescout.media.container import decodable

    missing = [codec for codec in ("h264", "hevc", "vp9", "av1", "mpeg4", "mjpeg", "prores") if not decodable(codec)]
    if missing:
        yield Finding("decoders", "warn", f"missing: {', '.join(missing)}; pip install --upgrade av")
    else:
        yield Finding("decoders", "ok", "H.264, HEVC, VP9, AV1, MPEG-4, MJPEG, ProRes")


def _decoding(config: Path | None, catalog: Path) -> Iterator[Finding]:
    from framescout import settings
    from framescout.media.container import PROCESSOR, has_device

    wanted = settings.load(config, catalog=catalog).decode_on
    if wanted == PROCESSOR:
        yield Finding("decoding", "ok", "on the processor, as decode_on says")
    elif has_device(wanted):
        yield Finding("decoding", "ok", f"on the graphics card ({wanted}), as decode_on says")
    else:
        yield Finding("decoding", "warn", f"decode_on is {wanted!r}, but no such card is found: the processor decodes")


def _machine() -> Iterator[Finding]:
    from framescout.embedding.machine import machine
    from framescout.processors import usable_processors

    try:
        importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        yield Finding("processor", "ok", f"{usable_processors()} cores; pictures are embedded by onnxruntime, in fp32")
        return
    facts = machine()
    yield Finding("processor", "ok", f"{usable_processors()} cores; pictures are embedded in {facts.precision}")
    yield Finding("graphics", "ok", facts.gpu or "no card that torch can use: embedding runs on the processor")


def _model(config: Path | None, catalog: Path) -> Iterator[Finding]:
    from framescout import settings
    from framescout.embedding import fingerprint
    from framescout.embedding.recommending import better_than

    name = settings.load(config, catalog=catalog).model
    yield Finding("model", "ok", f"{name} ({fingerprint(name)[:12]})")
    better = better_than(name)
    if better:
        yield Finding("better model", "ok", better)


def _catalog(place: Path | Address) -> Iterator[Finding]:
    if isinstance(place, Address):
        from framescout.catalog.opening import store_of

        store_of(place).session().close()
        yield Finding("catalog", "ok", str(place))
    elif (place / "catalog.sqlite").exists():
        yield Finding("catalog", "ok", str(place))
    else:
        yield Finding("catalog", "warn", f"{place} is not there yet; framescout index makes it")


def _disk(folder: Path) -> Iterator[Finding]:
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    room = f"{free / 2**30:.1f} GiB free at {existing}"
    if free > _LITTLE_SPACE:
        yield Finding("disk", "ok", room)
    else:
        yield Finding("disk", "warn", f"{room}; free some, or name another --catalog")


def _settings(config: Path | None, catalog: Path) -> Iterator[Finding]:
    from framescout.settings import sourced

    for name, (value, source) in sourced(config, catalog).items():
        yield Finding(f"setting {name}", "ok", f"{value!r} ({source})")
