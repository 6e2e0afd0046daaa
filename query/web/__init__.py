"""The web app: HTTP requests in, pages, pictures, footage and JSON out."""

from __future__ import annotations

from query.web.app import create_app

__all__ = ["create_app"]
