"""Task links in a file: the role of a unit without accounts, and who hands its links out."""

from collections.abc import Mapping

from engine.definitions.model import DepartmentScope
from engine.definitions.names import word
from engine.definitions.reading import Reader
from engine.definitions.scopes import Book, Scope
from engine.definitions.source import Entry

#: What says who somebody is; whoever comes by a link is nobody the engine knows.
_OF_PEOPLE = ("post", "area", "person", "not", "duty")


def role(reader: Reader, entry: Entry, keys: Mapping[str, Entry]) -> bool:
    """Whether this role is that of a link: then it is seen from the task's department and asks for no person."""
    if "link" not in keys or not reader.yes(keys["link"].value):
        return False
    for name in _OF_PEOPLE:
        if name in keys:
            reader.refuse(
                keys[name].line,
                f"角色“{entry.key}”凭任务链接办理，没有账号，不能再写 {name}",
                f"the role '{entry.key}' comes by a task link and has no account: it takes no `{name}`",
            )
    scope = word("department scope", reader.text(keys["department"].value)) if "department" in keys else ""
    if scope != DepartmentScope.TASK:
        reader.refuse(
            entry.line,
            f"角色“{entry.key}”凭任务链接办理，部门应为 task",
            f"the role '{entry.key}' comes by a task link: its `department` is `task`",
        )
    return True


def handed_out_by(reader: Reader, book: Book, scope: Scope) -> tuple[str, ...]:
    """The roles that hand out the links of a kind of task: people, and only where something can be done by a link."""
    found = tuple(one.text for one in scope.links if reader.known(one, book.roles, "角色", "role"))
    for one in scope.links:
        if one.text in book.roles and book.roles[one.text].link:
            reader.refuse(
                one.line,
                f"角色“{one.text}”自己凭链接办理，不能发链接",
                f"the role '{one.text}' comes by a link itself and can't hand links out",
            )
    if found and not any(each.link for each in book.roles.values()):
        reader.refuse(
            scope.links[0].line,
            f"任务“{scope.kind}”可发链接，却没有凭链接办理的角色（link: true）",
            f"the task '{scope.kind}' has links, but no role comes by one (`link: true`)",
        )
    return found
