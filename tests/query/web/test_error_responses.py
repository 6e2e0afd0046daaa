"""Each error has the status that programs go by."""

from __future__ import annotations

import pytest

from framescout.errors import CatalogNotFoundError, FramescoutError, NotAvailableError, UsageError
from query.web.error_responses import status_and_sentence


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("it makes no sense"), 409),
        (NotAvailableError("there is no such video"), 404),
        (CatalogNotFoundError("the database can't be opened"), 503),
        (FramescoutError("the catalog is busy"), 503),
    ],
)
def test_what_is_gone_for_now_is_told_from_what_is_not_there(error: FramescoutError, status: int) -> None:
    assert status_and_sentence(error) == (status, str(error))
