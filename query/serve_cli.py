"""The command for the web app."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

_TURN = 0.0005
"""Seconds that a thread may keep Python's lock while another wants it: one that has computed goes on soon."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; others need a token.")
@click.option("--port", type=click.IntRange(1, 65_535), default=8000, show_default=True)
@click.option(
    "--exports",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("clips"),
    show_default=True,
    help="Folder below which clips are written.",
)
@click.option("--model", help="The model to search with [default: the catalog's].")
@click.pass_context
def serve(ctx: click.Context, host: str, port: int, exports: Path, model: str | None) -> None:
    """Look instead of read: a web page to search, play, pick and export, and an HTTP API under it.

    On an address that others can reach, every request needs the token that is printed once.

    \b
    framescout serve
    framescout serve --host 0.0.0.0 --port 8080

    Exit status: 0 stopped; 2 usage; 3 there is no catalog, or the port is taken.
    """
    import socket
    import sys

    sys.setswitchinterval(_TURN)
    import uvicorn

    from framescout import settings
    from framescout.catalog import Catalog
    from framescout.errors import NotAvailableError
    from framescout.media.ffmpeg import choose_ffmpeg
    from query.web import create_app
    from query.web.guard import is_loopback

    loaded = settings.load_chosen(ctx.obj)
    folder = settings.catalog_folder(ctx.obj["catalog"])
    catalog = Catalog.open(folder, create=False, stays=True, settings=loaded)
    token = None if is_loopback(host) else secrets.token_urlsafe(24)
    choose_ffmpeg(loaded.ffmpeg)
    app = create_app(catalog, exports=exports.absolute(), host=host, token=token, model=model, zone=loaded.zone)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle's delay on
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise NotAvailableError(
            f"{host}:{port} can't be listened on ({error.strerror}); choose another --port"
        ) from error
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"http://{shown}:{port}/" + (f"?token={token}" if token else ""))
    config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listening])
