"""Claims: how many tasks of a kind a person may take on."""

from engine.definitions.model import TaskKind
from engine.errors import HuyingError, QuotaReached
from engine.rules.case import ClaimCount


def refused(kind: TaskKind, claimed: ClaimCount | None) -> HuyingError | None:
    """The refusal that names the quota, if one more claim would be too many; without a count nothing is bounded."""
    quota = kind.quota
    if quota is None or claimed is None:
        return None
    if quota.open is not None and claimed.open >= quota.open:
        return QuotaReached(
            f"“{kind.title.zh}”每人同时至多认领 {quota.open} 件，您已有 {claimed.open} 件未结",
            f"'{kind.title.en}': {quota.open} open at once at most, you have {claimed.open}",
            quota=quota.open, claimed=claimed.open,
        )  # fmt: skip
    if quota.week is not None and claimed.week >= quota.week:
        return QuotaReached(
            f"“{kind.title.zh}”每人每周至多认领 {quota.week} 件，您本周已认领 {claimed.week} 件",
            f"'{kind.title.en}': {quota.week} a week at most, you have claimed {claimed.week}",
            quota=quota.week, claimed=claimed.week,
        )  # fmt: skip
    return None
