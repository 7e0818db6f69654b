"""The reference data: whole, consistent, and marked where it is invented."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import odr.bodies
from odr.bodies.routing import HOME_SECTORS, SECTOR_WORDS, SOURCE_SECTORS
from odr.cases.codes import Category, Source

DATA = Path(odr.bodies.__file__).parent / "data"
Rows = list[dict[str, Any]]


def rows(name: str, key: str = "bodies") -> Rows:
    found: Rows = json.loads((DATA / f"{name}.json").read_text("utf-8"))[key]
    return found


DIVISIONS = rows("divisions", "divisions")
REAL = {
    row["code"]: row["level"] for row in DIVISIONS if not row.get("statistical_only") and row["level"] != "province"
}
SECTORS, CENTRES, COMMITTEES = rows("sector_bodies"), rows("centres"), rows("committees")
BODIES = SECTORS + CENTRES + COMMITTEES
GRIDS = rows("grids", "grids")


@pytest.mark.parametrize("name", ["divisions", "sector_bodies", "centres", "committees", "grids", "holidays"])
def test_every_file_names_its_source(name: str) -> None:
    assert json.loads((DATA / f"{name}.json").read_text("utf-8"))["_source"]


def test_the_divisions_are_those_of_the_official_codes() -> None:
    assert Counter(REAL.values()) == {"city": 1, "district": 3, "township": 20, "community": 83}
    codes = {row["code"] for row in DIVISIONS}
    assert len(codes) == len(DIVISIONS)
    assert all(row["parent"] in codes for row in DIVISIONS if row["level"] != "province")
    assert all(len(code) == 12 and code.isdigit() for code in codes)


def test_there_is_a_centre_for_the_city_each_district_and_each_township() -> None:
    assert {(row["division_code"], row["level"]) for row in CENTRES} == {
        (code, level) for code, level in REAL.items() if level != "community"
    }


def test_there_is_a_committee_at_each_of_the_four_levels() -> None:
    assert {(row["division_code"], row["level"]) for row in COMMITTEES} == set(REAL.items())


def test_the_sector_bodies_are_spread_over_city_and_districts_as_planned() -> None:
    assert Counter(row["division_code"] for row in SECTORS) == {
        "150300000000": 17,
        "150302000000": 6,
        "150303000000": 8,
        "150304000000": 8,
    }
    assert len({row["sector"] for row in SECTORS}) == 25


def test_every_body_can_be_told_apart_reached_and_placed() -> None:
    for key in ("code", "name", "phone"):
        assert len({row[key] for row in BODIES}) == len(BODIES), key
    for row in BODIES:
        assert REAL[row["division_code"]] == row["level"]
        assert row["scope"]
        assert row["duty_hours"]
        assert row["phone"].startswith("0473-555")
        assert "zh" in row["languages"]
        assert len(row["scope"]) <= 300
        assert len(row["name"]) <= 80


def test_no_two_bodies_share_the_word_of_their_case_numbers() -> None:
    words = [row["number_word"] for row in SECTORS + COMMITTEES]
    assert len(set(words)) == len(words)
    assert all(words)
    assert {row["number_word"] for row in CENTRES} == {None}
    assert {"乌医", "海物业"} <= set(words)


def test_every_parent_is_the_body_one_level_up() -> None:
    by_code = {row["code"]: row for row in BODIES}
    for row in CENTRES + COMMITTEES:
        if row["level"] == "city":
            assert row["parent"] is None
        else:
            assert by_code[row["parent"]]["kind"] == row["kind"]
            assert row["division_code"].startswith(by_code[row["parent"]]["division_code"].rstrip("0"))


def test_every_category_has_a_sector_body_or_a_committee_and_no_unknown_one_is_named() -> None:
    named = {category for row in BODIES for category in row["categories"]}
    assert named <= {category.value for category in Category}
    assert all(row["categories"] == [] for row in COMMITTEES)


def test_everything_invented_says_so() -> None:
    assert all(row["invented"] is True for row in BODIES + GRIDS)


def test_the_grids_cover_every_community() -> None:
    assert len({grid["code"] for grid in GRIDS}) == len(GRIDS)
    assert {grid["division_code"] for grid in GRIDS} == {code for code, level in REAL.items() if level == "community"}


def test_the_routing_tables_name_only_sectors_and_sources_that_exist() -> None:
    sectors = {row["sector"] for row in SECTORS}
    assert {sector for home in HOME_SECTORS.values() for sector in home} <= sectors
    assert set(SECTOR_WORDS) <= sectors
    assert set(SOURCE_SECTORS) <= sectors
    assert {source for sources in SOURCE_SECTORS.values() for source in sources} <= {source.value for source in Source}
    assert set(HOME_SECTORS) <= {category.value for category in Category}
