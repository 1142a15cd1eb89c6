"""The reports there are."""

from collections.abc import Mapping

from engine.errors import NotFound
from engine.reports.bulletin_files import BULLETIN
from engine.reports.ledger import LEDGER
from engine.reports.making import Report

REPORTS: Mapping[str, Report] = {report.name: report for report in (LEDGER, BULLETIN)}

#: Those that somebody asks for by a form of three fields; others are asked for from pages of their own.
ASKED = (LEDGER,)


def report(name: str) -> Report:
    """A report by its name. Errors: `NotFound`."""
    if name not in REPORTS:
        raise NotFound(
            f"没有报表“{name[:60]}”，现有：{'、'.join(REPORTS)}",
            f"there is no report '{name[:60]}'; there are {', '.join(REPORTS)}",
        )
    return REPORTS[name]
