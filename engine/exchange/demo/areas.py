"""The demo district's areas: the city, the district and its streets, comprehensive grids, villages, micro-grids."""

from collections.abc import Iterator
from itertools import count

from engine.exchange.demo.files import District, Street
from engine.exchange.demo.ground import Cells, around, cells_inside, divided, outline_of
from engine.records.areas import NewArea

#: Cells of a village, and of a micro-grid, about.
_VILLAGE_CELLS, _MICRO_CELLS = 5, 2
_NUMERALS = "一二三四五六七八九"
#: Codes of villages, and of what stands beside them, begin here; neighbourhoods begin at 1.
_VILLAGES_FROM, _OTHERS_FROM = 201, 901


class _Names:
    """Names that are given once each."""

    def __init__(self, district: District) -> None:
        first, second = district.neighbourhoods
        # Walking both lists at once brings neighbours with nothing in common.
        self._neighbourhoods = iter(
            f"{first[n % len(first)]}{second[(n + n // len(first)) % len(second)]}居民区"
            for n in range(len(first) * len(second))
        )
        families = district.families
        self._villages = iter(
            f"{families[n % len(families)]}{district.villages[(n + n // len(families)) % len(district.villages)]}村"
            for n in range(len(families) * len(district.villages))
        )

    def neighbourhood(self) -> str:
        return next(self._neighbourhoods)

    def village(self) -> str:
        return next(self._villages)


def areas(district: District) -> list[NewArea]:
    """All areas, each after the one above it. The city has no boundary here, for the rest of it is not drawn."""
    cells = cells_inside(district.outline)
    city, own = district.city, district.district
    found = [
        NewArea(code=city[0], level="city", name=city[1]),
        NewArea(code=own[0], level="district", name=own[1], parent=city[0], boundary=outline_of(cells)),
    ]
    names = _Names(district)
    for street, ground in zip(district.streets, around(cells, [street.at for street in district.streets]), strict=True):
        found.append(
            NewArea(code=street.code, level="street", name=street.name, parent=own[0], boundary=outline_of(ground))
        )
        found += _grids(street, ground, names)
    return found


def _grids(street: Street, ground: Cells, names: _Names) -> Iterator[NewArea]:
    villages = _villages(street, names)
    for number, cells in enumerate(divided(ground, street.grids), 1):
        grid = f"ZH{street.code}{number:02}"
        name = f"{street.name}第{_NUMERALS[number - 1]}综合网格"
        yield NewArea(code=grid, level="grid", name=name, parent=street.code, boundary=outline_of(cells))
        for part in divided(cells, max(2, round(len(cells) / _VILLAGE_CELLS))):
            code, level, name = next(villages)
            yield NewArea(code=code, level=level, name=name, parent=grid, boundary=outline_of(part))
            yield from _micro_grids(code, name, part)


def _micro_grids(village: str, name: str, ground: Cells) -> Iterator[NewArea]:
    for number, cells in enumerate(divided(ground, max(1, round(len(ground) / _MICRO_CELLS))), 1):
        yield NewArea(
            code=f"{village}{number:02}",
            level="micro_grid",
            name=f"{name}第{_NUMERALS[number - 1]}微网格",
            parent=village,
            boundary=outline_of(cells),
        )


def _villages(street: Street, names: _Names) -> Iterator[tuple[str, str, str]]:
    """Code, level and name of one after another: neighbourhoods and villages by turns, what is beside them second."""
    others = list(street.also.items())
    neighbourhoods, villages = count(1), count(_VILLAGES_FROM)
    for number in count():
        if number == 1 and others:
            level, name = others.pop()
            yield f"{street.code}{_OTHERS_FROM}", level, name
        elif number % 3 == 0 or (number % 3 == 1 and not street.town):
            yield f"{street.code}{next(neighbourhoods):03}", "village", names.neighbourhood()
        else:
            yield f"{street.code}{next(villages):03}", "village", names.village()
