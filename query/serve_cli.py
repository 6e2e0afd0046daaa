"""The command for the web app."""

from __future__ import annotations

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
@click.option("--user", "users", multiple=True, metavar="NAME", help="Somebody with a token of their own.")
@click.option("--viewer", "viewers", multiple=True, metavar="NAME", help="The same, who may only search and look.")
@click.option(
    "--tokens",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that keeps the tokens between runs: NAME TOKEN, a line each.",
)
@click.option(
    "--may-index",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Let the page index what lies below it, and retry, prune and verify.",
)
@click.option("--model", help="The model to search with [default: the catalog's].")
@click.pass_context
def serve(
    ctx: click.Context,
    host: str,
    port: int,
    exports: Path,
    users: tuple[str, ...],
    viewers: tuple[str, ...],
    tokens: Path | None,
    may_index: tuple[Path, ...],
    model: str | None,
) -> None:
    """Look instead of read: a web page to search, play, pick and export, and an HTTP API under it.

    On an address that others can reach, and where people are named, every request needs a token; the addresses that
    are printed have it. `framescout log` says who exported what. Nothing is indexed from the page without --may-index.

    \b
    framescout serve
    framescout serve --host 0.0.0.0 --port 8080
    framescout serve --host 0.0.0.0 --user anna --viewer ben --tokens tokens.txt
    framescout serve --may-index ~/footage

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
    from query.web.people import EVERYONE, people

    loaded = settings.load_chosen(ctx.obj)
    place = settings.catalog_place(ctx.obj)
    catalog = Catalog.open(place, create=bool(may_index), stays=True, settings=loaded)
    needs_token = bool(users or viewers or tokens) or not is_loopback(host)
    let_in = people(users, viewers, tokens) if needs_token else []
    choose_ffmpeg(loaded.ffmpeg)
    to_work = {"may_index": may_index, "config": ctx.obj["config"]}
    app = create_app(
        catalog, exports=exports.absolute(), host=host, people=let_in, model=model, zone=loaded.zone, stays=True,
        **to_work,
    )  # fmt: skip
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle's delay on
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise NotAvailableError(
            f"{host}:{port} can't be listened on ({error.strerror}); choose another --port"
        ) from error
    page = f"http://{_address(host)}:{port}/"
    for person in let_in:
        click.echo(f"{page}?token={person.token}" + (f"  {person.name}" if person.name != EVERYONE else ""))
    if not let_in:
        click.echo(page)
    config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listening])


def _address(host: str) -> str:
    """The one at which a browser, on another device too, reaches an app that listens on `host`."""
    import ipaddress
    import socket

    shown = f"[{host}]" if ":" in host else host
    try:
        if not ipaddress.ip_address(host).is_unspecified:
            return shown
    except ValueError:  # a name
        return shown
    family, elsewhere = (socket.AF_INET6, "2001:db8::1") if ":" in host else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((elsewhere, 9))  # sends nothing: it says by which address this machine would go out
            name = asking.getsockname()[0]
        except OSError:
            return socket.gethostname()
    return f"[{name}]" if family == socket.AF_INET6 else name
