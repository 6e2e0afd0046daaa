"""Tells the two places that a catalog can be in apart: a folder, and a PostgreSQL database that has an address."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import platformdirs

from framescout.errors import UsageError

_PASSWORD = re.compile(r"(?<=:)(?!//)[^@/:]*(?=@)|(?<=password=)[^&]*")
_OURS = ("postgresql", "postgres")


class Address(str):
    """Of a PostgreSQL database that holds a catalog, as libpq takes it; without a password."""

    __slots__ = ()

    @property
    def folder(self) -> Path:
        """Where this machine keeps what is derived from the catalog, a file of settings, and its log of exports."""
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", self.partition("?")[0].rpartition("/")[2]) or "catalog"
        digest = hashlib.blake2b(self.encode(), digest_size=6).hexdigest()
        return Path(platformdirs.user_data_dir("framescout")) / "catalogs" / f"{name}-{digest}"


def place_of(where: str | Path | Address) -> Path | Address:
    """The folder or the address that a person wrote.

    Raises:
        UsageError: it looks like an address and is none that framescout knows, or it holds a password.
    """
    if isinstance(where, Address):
        return where
    shown = _PASSWORD.sub("***", str(where))
    scheme, mark, rest = str(where).partition(":/")
    is_whole = rest.startswith("/")
    if not (mark and _is_scheme(scheme) and (is_whole or scheme in _OURS)):
        return Path(where)
    if scheme not in _OURS:
        raise UsageError(f"{shown} is no place for a catalog; name a folder, or postgresql://USER@HOST/DATABASE")
    if not is_whole or isinstance(where, Path):
        raise UsageError(f"{shown} is not whole; write it as a text: postgresql://USER@HOST/DATABASE")
    return _checked(where)


def vectors_at(text: str) -> str:
    """Where a person wants vector indexes to lie: a whole path of a folder, or s3://BUCKET/PREFIX; empty where nowhere.

    Raises:
        UsageError: it is neither, or holds a password.
    """
    shown = _PASSWORD.sub("***", text)
    scheme, mark, rest = text.partition("://")
    if mark and scheme == "s3":
        bucket, _, prefix = rest.partition("/")
        if "@" in bucket or "?" in rest:
            raise UsageError(
                f"vectors = {shown!r}: keys don't belong there; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        if bucket and prefix.strip("/"):
            return text.rstrip("/")
    elif not mark or scheme == "file":
        folder = Path(rest if mark else text).expanduser()
        if not text or folder.is_absolute():
            return str(folder) if text else ""
    raise UsageError(f"vectors is the whole path of a folder, or s3://BUCKET/PREFIX, not {shown!r}")


def _is_scheme(text: str) -> bool:
    return len(text) > 1 and text[0].isalpha() and text.isascii() and all(c.isalnum() or c in "+.-" for c in text)


def _checked(text: str) -> Address:
    from urllib.parse import parse_qsl, urlsplit  # a catalog in a folder needs none of it

    try:
        parts = urlsplit(text)
    except ValueError as error:
        shown = _PASSWORD.sub("***", text)
        raise UsageError(f"{shown} is no address ({error}); write postgresql://USER@HOST/DATABASE") from error
    user, _, _ = parts.netloc.rpartition("@")
    if ":" in user or "password" in dict(parse_qsl(parts.query)):
        raise UsageError(
            "a password in a catalog's address can be read by everybody on this machine; leave it out, and put it into "
            "~/.pgpass or $PGPASSWORD"
        )
    if not parts.path.strip("/") and "dbname" not in dict(parse_qsl(parts.query)):
        raise UsageError(f"{text} names no database; write postgresql://USER@HOST/DATABASE")
    return Address(text)
