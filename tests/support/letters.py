"""A ticket that departments were called to, and the forms by which its letters are issued."""

from tests.support.browser import Browser, FormOnPage, Page
from tests.support.town import Town


def called(xidu: Town) -> tuple[str, int]:
    """A ticket that two departments were called to, and the task of the first."""
    number = xidu.report("wang", description="=群众写的话")
    xidu.act("shen", number, "accept", {"item": "part-01-01/2", "urgency": "normal"})
    xidu.act("shen", number, "call", {"kind": "appeal", "lead": "urban", "co": ["water"]})
    return number, int(xidu.task_of(number, "urban")["task"])


def slip(browser: Browser, number: str, task: int) -> Page:
    """Somebody issues the dispatch slip of a task, or prints it again."""
    return browser.send(slip_form(browser, number, task))


def slip_form(browser: Browser, number: str, task: int) -> FormOnPage:
    page = browser.go(f"/tickets/{number}/letters")
    return next(form for form in page.forms if form.values.get("task") == [str(task)])
