"""The rules of a workflow file for signature: a draft's, or a stored version's; on the page, or as a file to print."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from engine.analysis import explain_page
from engine.analysis.diagram import Language
from engine.analysis.explain import explain
from engine.definitions.loader import loads
from engine.definitions.model import Workflow
from engine.definitions.source import decode
from engine.records import activations
from web import filing, language
from web.dependencies import House
from web.pages.workflow_files import Number, Sha256
from web.pages.workflows import Word
from web.rendering import page
from web.sessions import At, Sitting

router = APIRouter(include_in_schema=False, prefix="/admin/workflows")

#: `html` for the file that needs nothing but itself; nothing for the page.
Form = Annotated[Literal["", "html"], Query()]


@router.get("/drafts/{sha256}/rules")
def draft(request: Request, house: House, here: At, sha256: Sha256, form: Form = "") -> Response:
    """What one's own draft would make the rule. Errors: `DefinitionError` for one that cannot be read."""
    filing.must_keep(here.viewer)
    data = filing.read(house, here.viewer, sha256)
    definition = loads(decode(data, file="draft.yaml"), file="draft.yaml")
    return _rules(request, here, definition, f"/admin/workflows/drafts/{sha256}", form)


@router.get("/loops/{key}/{version}/rules")
def version(request: Request, house: House, here: At, key: Word, version: Number, form: Form = "") -> Response:
    """What a stored version makes the rule."""
    filing.must_read(here.viewer)
    with house.database.looking() as transaction:
        stored = activations.loop(transaction, key).numbered(version)
        definition = house.versions.definition(transaction, stored.id)
    return _rules(request, here, definition, f"/admin/workflows/loops/{key}/{version}", form)


def _rules(request: Request, here: Sitting, definition: Workflow, above: str, form: str) -> Response:
    explanation, spoken = explain(definition), Language(language.chosen(request))
    if form:
        # Never shown as a page of this site: it has a style of its own, which the policy of pages forbids.
        headers = {"Content-Disposition": f'attachment; filename="rules-{definition.sha256[:12]}.html"'}
        return HTMLResponse(explain_page.page(explanation, spoken), headers=headers)
    return page(
        request, "workflow_rules.html", here=here, one=definition, above=above,
        rules=explain_page.body(explanation, spoken),
    )  # fmt: skip
