"""`framescout status`: what the catalog holds, and what needs a person."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framescout.errors import Reason
from framescout.timeline import format_clock

if TYPE_CHECKING:
    from framescout.catalog import Catalog, Snapshot


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say what the catalog holds: videos, hours, models, the vector index, files in quarantine with the reason.

    \b
    Exit status: 0 done; 3 there is no catalog.
    """
    from framescout.catalog import Catalog
    from framescout.settings import catalog_folder

    catalog = Catalog.open(catalog_folder(ctx.obj["catalog"]), create=False)
    facts = gather(catalog)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        _show(facts)


def gather(catalog: Catalog) -> dict[str, Any]:
    """Everything that `status --json` says."""
    from framescout.catalog.lock import holder

    with catalog.snapshot() as snapshot:
        totals, active = snapshot.totals(), snapshot.active_model()
        models = [
            {
                "name": model.name,
                "active": active is not None and model.id == active.id,
                "videos": len(snapshot.densities(model.id)),
                "keyframes": snapshot.keyframe_count(model.id),
                "index": _index(snapshot, model.id),
                "alerts": {name: len(alerts) for name, alerts in snapshot.alerts(model.id).items()},
                "labels": {name: stored.counts(each) for name, each in stored.sets().items()},
            }
            for model in snapshot.models()
            for stored in [snapshot.labels(model.id)]
        ]
        quarantined = [
            {
                "path": file.path,
                "reason": file.reason,
                "sentence": Reason(file.reason).sentence,
                "detail": file.detail,
                "attempts": file.attempts,
                "at": file.at.isoformat(),
            }
            for file in snapshot.quarantined()
        ]
        partial = [
            {"path": video.path, "read_to": video.end.read_to, "why": video.end.detail}
            for video in snapshot.videos()
            if not video.end.is_complete
        ]
    return {
        "catalog": str(catalog.folder),
        "videos": totals.videos,
        "hours": round(totals.duration / 3600, 3),
        "keyframes": totals.keyframes,
        "gone": totals.gone,
        "partial": partial,
        "models": models,
        "quarantined": quarantined,
        "writer": holder(catalog.folder),
        "size_bytes": _size(catalog.folder),
    }


def _index(snapshot: Snapshot, model_id: int) -> dict[str, Any] | None:
    generation = snapshot.current_generation(model_id)
    if generation is None:
        return None
    covered = snapshot.keyframe_count(model_id, below=generation.covers_below)
    return {
        "generation": generation.id,
        "kind": generation.kind,
        "vectors": generation.vector_count,
        "not_covered": snapshot.keyframe_count(model_id) - covered,
        "recall": generation.recall,
        "built_at": generation.built_at.isoformat(),
    }


def _size(folder: Path) -> int:
    """Bytes of all files below `folder`; one that goes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def _show(facts: dict[str, Any]) -> None:
    click.echo(f"catalog     {facts['catalog']} ({facts['size_bytes'] / 2**20:.1f} MiB)")
    click.echo(f"videos      {facts['videos']}, {format_clock(facts['hours'] * 3600)} of footage")
    click.echo(f"keyframes   {facts['keyframes']}")
    for model in facts["models"]:
        index = model["index"]
        covered = "none: searched exactly"
        if index:
            covered = f"{index['generation']} ({index['kind']}), {index['not_covered']} keyframes not covered yet"
        used = " (active)" if model["active"] else ""
        click.echo(f"model       {model['name']}{used}: {model['videos']} videos, vector index {covered}")
        for name, count in model["alerts"].items():
            click.echo(f"event       {name}: {count} alerts")
        for name, counts in model["labels"].items():
            shares = sorted(counts.items(), key=lambda pair: -pair[1])
            said = ", ".join(f"{label} {count / max(1, sum(counts.values())):.0%}" for label, count in shares if count)
            click.echo(f"labels      {name}: {said}")
    if facts["gone"]:
        click.echo(f"gone        {facts['gone']} of the videos; framescout prune drops them")
    for video in facts["partial"]:
        _line(f"partial     {video['path']}: {video['why']}")
    for file in facts["quarantined"]:
        detail = f" ({file['detail']})" if file["detail"] else ""
        _line(f"quarantined {file['path']}: {file['sentence']}{detail}")
    if facts["quarantined"]:
        click.echo("framescout retry tries them again; a file that changes is tried again by itself", err=True)
    if facts["writer"]:
        click.echo(f"at work     pid {facts['writer']['pid']} since {facts['writer']['since']}")


def _line(text: str) -> None:
    click.echo(text.encode("utf-8", "backslashreplace").decode())
