"""The web app: answers HTTP requests with pages, pictures, footage and JSON."""

from __future__ import annotations

from query.web.app import create_app

__all__ = ["create_app"]
