"""Figures of sizes and of servers for people; `--json` has all of them."""

from typing import Any

from rich.table import Table


def sizes_as_table(results: dict[str, Any], dialects: tuple[str, ...]) -> Table:
    """What each thing costs in each district, and how much more than in the first."""
    shown = [name for name in dialects if "sizes" in results.get(name, {})]
    widest = max((results[name]["sizes"]["districts"] for name in shown), key=len)
    table = Table("", "案卷 / tickets →", *(f"{one['tickets']:,}" for one in widest))
    for dialect in shown:
        figures = results[dialect]["sizes"]
        made = [f"{one['filled_s']:,.0f} s · {one['megabytes']:,} MB" for one in figures["districts"]]
        table.add_row(dialect, "填入 / filled", *made)
        for row in figures["costs"]:
            both = zip(row["p50_ms"], row["ratios"], strict=True)
            table.add_row(dialect, row["what"], *(f"{p50} ms · ×{ratio}" for p50, ratio in both))
        table.add_section()
    return table


def servers_as_table(results: dict[str, Any]) -> Table:
    """Acts over HTTP by how many processes serve, and over those of as many bare handlers."""
    table = Table("网页进程 / web processes", "", "acts/s", "p50 ms", "p95 ms", "p99 ms", "÷ 空处理器 / bare handler")
    for row in results["postgresql"]["servers"]:
        for who in ("bare", "huying"):
            figures, act = row[who], row["act"]
            ratio = f"{act['ratio']} ({act['least']}–{act['most']})" if who == "huying" else ""
            cells = (str(figures[key]) for key in ("acts_per_s", "p50_ms", "p95_ms", "p99_ms"))
            table.add_row(str(row["servers"]), who, *cells, ratio)
    return table
