"""The facets of a question over HTTP: what its filters may be given, with counts."""

from __future__ import annotations

from fastapi import APIRouter

from query.facets import facets
from query.fields import BY_NAME, NAME
from query.web.documents import ChoiceDocument, FacetDocument, KeyframeId
from query.web.question_parameters import LONGEST_OF_MANY
from query.web.site import Question, Shared

facets_api = APIRouter(prefix="/facets")


@facets_api.get("")
def of_question(site: Shared, asked: Question, since: KeyframeId = 0) -> list[FacetDocument]:
    """Cameras, folders, labels and kinds of motion, each with how many videos are searched if it is picked.

    The counts follow every other filter of the question; what should be seen leaves out no video. With `since` only
    videos count that came with this keyframe id or later.
    """
    query = asked.filters()
    if site.is_empty:
        return []
    with site.engine.space() as space:
        found = facets(space, query, site.engine.zone, space.ranges_since(since) if since else None)
    return [
        FacetDocument(
            field=facet.field,
            not_field=BY_NAME[facet.field].opposite,
            name=facet.name,
            choices=[
                ChoiceDocument(value=each.value, name=each.name, videos=each.videos, depth=each.depth)
                for each in facet.choices
                if can_be_asked(each.value)
            ],
        )
        for facet in found
    ]


def can_be_asked(value: str) -> bool:
    """Whether a parameter of a request can hold it: some names of files are no Unicode, or too long."""
    is_unicode = not any("\ud800" <= letter <= "\udfff" for letter in value)
    return is_unicode and len(value) <= min(NAME.longest or LONGEST_OF_MANY, LONGEST_OF_MANY)
