"""The demo district's units: governments, bureaus and their offices, utilities, property, contractors, villages."""

from collections.abc import Iterator, Sequence

from engine.exchange.demo.files import District, Street
from engine.records.areas import NewArea
from engine.records.departments import NewDepartment

#: The governments of the city and of the district.
CITY, DISTRICT = "sh", "fx"
#: Owners' committees, as their codes begin: volunteers who never sign in and answer by task links.
WITHOUT_ACCOUNTS = "yw"


def units(district: District, areas: Sequence[NewArea]) -> list[NewDepartment]:
    """All units, each after the one above it."""
    city, own = district.city, district.district
    return [
        NewDepartment(code=CITY, name="上海市人民政府", kind="government", area=city[0]),
        *_city_bureaus(district),
        NewDepartment(code=DISTRICT, name=f"{own[1]}人民政府", kind="government", parent=CITY, area=own[0]),
        *_bureaus(district),
        *_others(district),
        *(unit for street in district.streets for unit in _of_street(district, street, areas)),
        *(_village(area) for area in areas if area.level == "village"),
    ]


def village(area: str) -> str:
    """The code of the organisation of a village or neighbourhood."""
    return f"jw-{area}"


def _village(area: NewArea) -> NewDepartment:
    """A villagers' or residents' committee, below its street's government."""
    name = f"{area.name}民委员会" if area.name.endswith("村") else f"{area.name.removesuffix('区')}委员会"
    return NewDepartment(
        code=village(area.code), name=name, kind="village", parent=f"st-{area.code[6:9]}", area=area.code
    )


def office(bureau: str, street: Street) -> str:
    """The code of a bureau's field office in a street."""
    return f"{bureau}-{street.short}"


def _city_bureaus(district: District) -> Iterator[NewDepartment]:
    for code, name in district.city_bureaus.items():
        yield NewDepartment(code=code, name=name, kind="bureau", parent=CITY, area=district.city[0])


def _bureaus(district: District) -> Iterator[NewDepartment]:
    for code, bureau in district.bureaus.items():
        yield NewDepartment(code=code, name=bureau.name, kind="bureau", parent=DISTRICT, area=district.district[0])


def _others(district: District) -> Iterator[NewDepartment]:
    own = district.district[0]
    for code, name in district.utilities.items():
        yield NewDepartment(code=code, name=name, kind="utility", area=own)
    for code, name in district.bodies.items():
        if code != "street":
            yield NewDepartment(code=code, name=name, kind="body", parent="wj", area=own)
    for code, (name, bureau) in district.contractors.items():
        yield NewDepartment(code=code, name=name, kind="contractor", parent=bureau, area=own)


def _of_street(district: District, street: Street, areas: Sequence[NewArea]) -> Iterator[NewDepartment]:
    yield NewDepartment(
        code=f"st-{street.short}",
        name=_government(street),
        kind="government",
        parent=DISTRICT,
        area=street.code,
    )
    plain = _plain(street)
    for code, bureau in district.bureaus.items():
        if bureau.office:
            yield NewDepartment(
                code=office(code, street),
                name=f"{plain}{bureau.office}",
                kind="field_office",
                parent=code,
                area=street.code,
            )
    body = district.bodies["street"]
    yield NewDepartment(code=f"yy-{street.short}", name=f"{plain}{body}", kind="body", parent="wj", area=street.code)
    yield from _property(street, areas)


def _property(street: Street, areas: Sequence[NewArea]) -> Iterator[NewDepartment]:
    """A property company for the street, and the owners' committee of its first neighbourhood."""
    company = f"{_plain(street)}物业服务公司"
    yield NewDepartment(code=f"wy-{street.short}", name=company, kind="property", area=street.code)
    home = next(area for area in areas if area.code == f"{street.code}001")
    yield NewDepartment(
        code=f"{WITHOUT_ACCOUNTS}-{street.short}", name=f"{home.name}业主委员会", kind="property", area=home.code
    )


def _government(street: Street) -> str:
    if street.town:
        return f"{street.name}人民政府"
    return f"{street.name}办事处" if street.name.endswith("街道") else f"{street.name}管理委员会"


def _plain(street: Street) -> str:
    """A street's name as its offices bear it."""
    return street.name.removesuffix("街道").removesuffix("镇")
