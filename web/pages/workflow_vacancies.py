"""Where nobody holds the posts that a workflow file waits for: every area and unit, of a draft or a stored version."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.application import Application
from engine.database import Transaction
from engine.definitions.loader import loads
from engine.definitions.model import Workflow
from engine.definitions.source import decode
from engine.records import activations
from engine.records.vacancies import vacancies
from web import filing
from web.dependencies import House
from web.pages.workflow_files import Number, Sha256
from web.pages.workflows import Word
from web.rendering import page
from web.sessions import At, Sitting

router = APIRouter(include_in_schema=False, prefix="/admin/workflows")


@router.get("/drafts/{sha256}/vacancies")
def draft(request: Request, house: House, here: At, sha256: Sha256) -> Response:
    """For one's own draft."""
    filing.must_keep(here.viewer)
    data = filing.read(house, here.viewer, sha256)
    definition = loads(decode(data, file="draft.yaml"), file="draft.yaml")
    with house.database.looking() as transaction:
        return _listed(request, house, here, transaction, definition, f"/admin/workflows/drafts/{sha256}")


@router.get("/loops/{key}/{version}/vacancies")
def version(request: Request, house: House, here: At, key: Word, version: Number) -> Response:
    """For a stored version."""
    filing.must_read(here.viewer)
    with house.database.looking() as transaction:
        stored = activations.loop(transaction, key).numbered(version)
        definition = house.versions.definition(transaction, stored.id)
        return _listed(request, house, here, transaction, definition, f"/admin/workflows/loops/{key}/{version}")


def _listed(
    request: Request, house: Application, here: Sitting, transaction: Transaction, definition: Workflow, above: str
) -> Response:
    found = vacancies(transaction, definition, house.clock.now())
    return page(request, "workflow_vacancies.html", here=here, one=definition, above=above, vacant=found)
