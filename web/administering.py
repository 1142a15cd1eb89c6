"""Who administers what: three separate duties 三员分立, each by its post, within what that post reaches.

The system administrator keeps tables and accounts, the security administrator grants posts, the auditor only reads.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Path, Request

from engine.errors import NotPermitted
from engine.exchange.people import Powers
from engine.exchange.tables import OrgTable, table_of
from engine.records.directory import Reach
from engine.records.people import SEPARATE
from web.dependencies import House
from web.sessions import At, Posted, Sitting, posted

SYSTEM, SECURITY, AUDIT = SEPARATE
#: The one table that two administrators bring, each their part of it.
_SHARED: Final = "people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """Somebody with at least one of the three duties."""

    here: Sitting
    posts: frozenset[str]
    reach: Reach

    @property
    def whole(self) -> bool:
        """Whether they look at the whole installation."""
        return self.reach.roots is None

    @property
    def system(self) -> bool:
        """Whether they keep the tables and accounts of the whole installation."""
        return self.whole and SYSTEM in self.posts

    @property
    def security(self) -> bool:
        """Whether they grant posts in the whole installation."""
        return self.whole and SECURITY in self.posts

    @property
    def powers(self) -> Powers:
        """What a table of people that they bring may do."""
        return Powers(accounts=self.system, posts=self.security, login=self.here.viewer.login)

    def brings(self, key: str) -> bool:
        """Whether they may apply this table."""
        return self.system or (self.security and key == _SHARED)

    def expect_whole(self) -> None:
        """Errors: `NotPermitted` for whoever administers some areas only: the tables are of the whole installation."""
        if not self.whole:
            raise NotPermitted(
                "表格属于全系统，分管部分区域的管理员只能查看",
                "the tables are of the whole installation: whoever administers some areas of it can only look",
                action="tables",
                roles=list(SEPARATE),
            )

    def expect_bringing(self, table: OrgTable) -> None:
        """Errors: `NotPermitted` for whoever may not apply this table."""
        self.expect_whole()
        if not self.brings(table.key):
            who = "系统管理员或安全管理员" if table.key == _SHARED else "系统管理员"
            raise NotPermitted(
                f"“{table.title.zh}”须由{who}导入（三员分立）",
                f"{table.title.en.lower()} are brought in by another administrator (separate duties)",
                action="import",
                roles=[SYSTEM, SECURITY] if table.key == _SHARED else [SYSTEM],
            )

    def expect_system(self) -> None:
        """Errors: `NotPermitted` for everybody but the system administrator."""
        if not self.system:
            raise NotPermitted(
                "账号由系统管理员管理（三员分立）",
                "accounts are kept by the system administrator (separate duties)",
                action="accounts",
                roles=[SYSTEM],
            )


def duties(house: House, here: At) -> Duties:
    """The duties of who is signed in. Errors: `NotPermitted` for whoever has none."""
    held = [post for post in here.viewer.posts if post.post in SEPARATE]
    if not held:
        raise NotPermitted(
            "管理页面只对三员开放", "these pages are for administrators", action="admin", roles=list(SEPARATE)
        )
    everywhere = [post for post in held if post.area_id is post.department_id is None]
    # Whoever administers everything by one post has no use for a part by another.
    counted = everywhere or held
    roots = None if everywhere else tuple(sorted({post.area_id for post in held if post.area_id is not None}))
    return Duties(
        here=here,
        posts=frozenset(post.post for post in counted),
        reach=Reach(roots=roots, now=house.clock.now()),
    )


Administrator = Annotated[Duties, Depends(duties)]


def the_table(key: Annotated[str, Path(max_length=40)]) -> OrgTable:
    """The table in an address. Errors: `NotFound`."""
    return table_of(key)


Table = Annotated[OrgTable, Depends(the_table)]


def bringing(me: Administrator, table: Table) -> Duties:
    """Whoever may apply the table in the address, before anything is read. Errors: `NotPermitted`, `NotFound`."""
    me.expect_bringing(table)
    return me


Bringer = Annotated[Duties, Depends(bringing)]


async def posted_by_bringer(request: Request, me: Bringer) -> AsyncIterator[Posted]:
    """The form that whoever may apply a table has sent. Errors: those of `sessions.posted`."""
    async for form in posted(request, me.here):
        yield form


BringerForm = Annotated[Posted, Depends(posted_by_bringer)]


def keeping_accounts(me: Administrator) -> Duties:
    """The system administrator, before anything is read. Errors: `NotPermitted`."""
    me.expect_system()
    return me


AccountKeeper = Annotated[Duties, Depends(keeping_accounts)]


async def posted_by_keeper(request: Request, me: AccountKeeper) -> AsyncIterator[Posted]:
    """The form that the system administrator has sent. Errors: those of `sessions.posted`."""
    async for form in posted(request, me.here):
        yield form


KeeperForm = Annotated[Posted, Depends(posted_by_keeper)]
