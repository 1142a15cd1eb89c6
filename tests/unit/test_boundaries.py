"""Boundaries as GeoJSON: what is drawn wrongly is refused, what is right is stored one way."""

import json
from typing import Any

import pytest

from engine.records.boundaries import BadBoundary, boundary, covering, shape_of, square_metres

SQUARE = [[121.40, 30.90], [121.41, 30.90], [121.41, 30.91], [121.40, 30.91], [121.40, 30.90]]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_a_polygon_keeps_its_box_in_ten_millionths_of_a_degree() -> None:
    drawn = boundary(polygon(SQUARE))
    assert (drawn.west, drawn.south, drawn.east, drawn.north) == (
        1_214_000_000, 309_000_000, 1_214_100_000, 309_100_000,
    )  # fmt: skip


def test_a_feature_and_a_bare_geometry_are_the_same_boundary() -> None:
    feature = {"type": "Feature", "properties": {"name": "x"}, "geometry": polygon(SQUARE)}
    assert boundary(json.dumps(feature)) == boundary(polygon(SQUARE))


def test_the_same_square_drawn_from_another_corner_is_the_same_boundary() -> None:
    turned = [*SQUARE[2:4], *SQUARE[0:3]]
    backwards = SQUARE[::-1]
    assert boundary(polygon(turned)) == boundary(polygon(SQUARE)) == boundary(polygon(backwards))


def test_a_stored_boundary_reads_back_as_itself() -> None:
    once = boundary(polygon(SQUARE))
    assert boundary(once.geojson) == once


def test_a_boundary_of_a_shifted_map_is_stored_where_it_really_is() -> None:
    west = boundary(polygon(SQUARE), datum="GCJ-02").west
    assert 30_000 < 1_214_000_000 - west < 60_000


def test_a_point_on_the_line_is_covered_exactly() -> None:
    drawn = boundary(polygon(SQUARE)).geojson
    assert covering([drawn], 1_214_000_000, 309_050_000) == [True]
    assert covering([drawn], 1_213_999_999, 309_050_000) == [False]


def test_a_hole_is_not_covered() -> None:
    hole = [[121.404, 30.904], [121.406, 30.904], [121.406, 30.906], [121.404, 30.906], [121.404, 30.904]]
    drawn = boundary(polygon(SQUARE, hole)).geojson
    assert covering([drawn], 1_214_050_000, 309_050_000) == [False]
    assert covering([drawn], 1_214_010_000, 309_050_000) == [True]


def test_a_hundredth_of_a_degree_squared_is_about_a_square_kilometre_here() -> None:
    assert square_metres(shape_of(boundary(polygon(SQUARE)).geojson)) == pytest.approx(1_063_000, rel=0.01)


BOW_TIE = [[121.40, 30.90], [121.41, 30.91], [121.41, 30.90], [121.40, 30.91], [121.40, 30.90]]


def test_a_line_that_crosses_itself_is_refused_with_the_place() -> None:
    with pytest.raises(BadBoundary) as refused:
        boundary(polygon(BOW_TIE))
    assert "边界线自相交" in refused.value.zh
    assert "121.40500, 30.90500" in refused.value.en


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("{not json", "JSON"),
        ({"type": "Point", "coordinates": [121.4, 30.9]}, "Point"),
        ({"type": "FeatureCollection", "features": []}, "FeatureCollection"),
        ("[1, 2]", "list"),
        (polygon(), "没有坐标"),
        (polygon(SQUARE[:4]), "没有闭合"),
        (polygon(SQUARE[:2]), "四个点"),
        (polygon([[30.9, 121.4], [30.9, 121.41], [30.91, 121.41], [30.9, 121.4]]), "写反"),
        (polygon([[200.0, 30.9], [121.41, 30.9], [121.41, 30.91], [200.0, 30.9]]), "不在地球上"),
        ({"type": "Polygon", "coordinates": [["a", "b", "c", "a"]]}, "经度"),
        (polygon([[float("nan"), 30.9], [121.41, 30.9], [121.41, 30.91], [float("nan"), 30.9]]), "数字"),
        (polygon([[121.4, 30.9], [121.41, 30.9], [121.4, 30.9], [121.4, 30.9]]), "不合法|不同点"),
        ({"type": "Polygon", "coordinates": 5}, "没有坐标"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, "重叠|不合法|自相交"),
    ],
)
def test_what_is_no_boundary_is_refused_in_words(source: Any, word: str) -> None:
    with pytest.raises(BadBoundary, match=word):
        boundary(source)


def test_a_boundary_in_an_unknown_datum_is_refused() -> None:
    with pytest.raises(BadBoundary, match="坐标系"):
        boundary(polygon(SQUARE), datum="shanghai")


def test_a_boundary_with_far_too_many_vertices_is_refused_before_it_is_built() -> None:
    with pytest.raises(BadBoundary, match="顶点"):
        boundary(polygon(SQUARE[:1] * 200_001))
