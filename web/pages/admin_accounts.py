"""Accounts: a first password, closed, open again; for the system administrator alone."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.exchange import accounts
from web.administering import AccountKeeper, KeeperForm
from web.dependencies import House
from web.pages.admin import person_page
from web.rendering import go

router = APIRouter(include_in_schema=False)


@router.post("/admin/people/{login}/password")
def password(request: Request, house: House, me: AccountKeeper, form: KeeperForm, login: str) -> Response:
    """Give an account a first password; it stands on the page that answers and nowhere else."""
    given = accounts.give_password(house.database, me.here.viewer.person_id, login, me.reach.now)
    return person_page(request, house, me, login, password=given)


@router.post("/admin/people/{login}/active")
def active(request: Request, house: House, me: AccountKeeper, form: KeeperForm, login: str) -> Response:
    """Close an account, or open it again."""
    opened = form.first("active") == "yes"
    accounts.open_or_close(house.database, me.here.viewer.person_id, login, opened, me.reach.now)
    return go(request, f"/admin/people/{login}")
