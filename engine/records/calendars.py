"""Working calendars of this installation, from `workflows/calendars/`."""

from functools import cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine import resources
from engine.errors import DefinitionError, Place
from engine.rules.worktime import CalendarError, WorkCalendar, calendar_from_mapping


@cache
def calendars(folder: Path | None = None) -> dict[str, WorkCalendar]:
    """Every calendar of the folder by the name of its file.

    Errors: `DefinitionError` naming the file and the key.
    """
    where = folder or resources.workflows() / "calendars"
    return {path.stem: _calendar(path) for path in sorted(where.glob("*.yaml"))}


def _calendar(path: Path) -> WorkCalendar:
    try:
        mapping = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return calendar_from_mapping(mapping, version=path.stem)
    except YAMLError as failure:
        place = Place(file=path.name)
        raise DefinitionError(
            "日历文件不是 YAML", f"the calendar file is not YAML: {failure}", place=place
        ) from failure
    except CalendarError as failure:
        raise failure.at(Place(file=path.name, field=failure.key)) from None
