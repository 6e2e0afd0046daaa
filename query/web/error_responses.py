"""The HTTP status and the sentence of each error."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from framescout.errors import CatalogNotFoundError, MediaError, NotAvailableError, UsageError
from query.web.question_parameters import TooLargeError


def status_of(error: Exception) -> int:
    """The status that goes with an error that a person can meet."""
    if isinstance(error, TooLargeError):
        return 413
    if isinstance(error, UsageError):
        return 409  # each part was as described, or it would not have come so far
    if isinstance(error, CatalogNotFoundError):
        return 503  # it was there when the app began: its database is stopped, say
    if isinstance(error, NotAvailableError | MediaError):
        return 404
    return 503


def status_and_sentence(error: Exception) -> tuple[int, str]:
    """Status and sentence."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        what = "is not written as it should be" if first["type"] == "string_pattern_mismatch" else first["msg"]
        return 422, f"{where}: {what}"
    if isinstance(error, HTTPException):
        return error.status_code, str(error.detail)
    return status_of(error), str(error)
