"""Planned beneficiaries added up: by reach, by sex, by age, and all of it at once."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prima.db import db
from prima.projects.headcount import cross, totals
from prima.projects.models import Beneficiaries, Reach
from prima.projects.stages import Status
from tests.factories import a_project, a_user

NAMES = {
    "type_code": {"MIG": "Migrants", "GOV": "Officials", "RET": "Returnees"},
    "reach": {"direct": "directly", "indirect": "indirectly"},
    "sex_code": {"F": "female", "M": "male", "X": "other"},
    "age_code": {"0": "0-17", "18": "18-24", "-": "not stated"},
}
GROUPS = st.lists(
    st.builds(
        SimpleNamespace,
        type_code=st.sampled_from(list(NAMES["type_code"])),
        reach=st.sampled_from(list(NAMES["reach"])),
        sex_code=st.sampled_from(list(NAMES["sex_code"])),
        age_code=st.sampled_from(list(NAMES["age_code"])),
        planned=st.integers(0, 10**9),
    ),
    min_size=1,
    max_size=20,
)


@given(GROUPS)
def test_every_way_of_counting_comes_to_the_same(groups):
    whole = sum(one.planned for one in groups)
    for one in totals(groups, NAMES):
        assert sum(number for _name, number in one.parts) == whole
    table = cross(groups, NAMES)
    assert table.total == sum(table.sums) == sum(line for _name, _numbers, line in table.rows) == whole
    width = sum(len(ages) for _sex, ages in table.columns)
    assert all(len(numbers) == width == len(table.sums) for _name, numbers, _line in table.rows)


@given(GROUPS)
def test_a_cell_holds_its_group(groups):
    table = cross(groups, NAMES)
    columns = [(sex, age) for sex, ages in table.columns for age in ages]
    for name, numbers, _line in table.rows:
        for (sex, age), number in zip(columns, numbers, strict=True):
            assert number == sum(
                one.planned
                for one in groups
                if (NAMES["type_code"][one.type_code], NAMES["sex_code"][one.sex_code], NAMES["age_code"][one.age_code])
                == (name, sex, age)
            )


@pytest.fixture
def counted(app):
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer)
    for code, reach, sex, age, planned in (
        ("MIG", Reach.INDIRECT, "SEX_FEMALE", "AGE_18_24", 1200),
        ("GOV", Reach.DIRECT, "SEX_MALE", "AGE_25_59", 40),
        ("GOV", Reach.DIRECT, "SEX_FEMALE", "AGE_25_59", 60),
        ("GOV", Reach.INDIRECT, "SEX_FEMALE", "AGE_25_59", 5),
    ):
        db.session.add(
            Beneficiaries(
                project_id=project.id, type_code=code, reach=reach, sex_code=sex, age_code=age, planned=planned
            )
        )
    db.session.flush()
    db.session.expire_all()
    return developer, project


@pytest.mark.parametrize("status", [Status.DRAFT, Status.REVIEW])
def test_the_page_shows_the_sums(browser_of, counted, status):
    developer, project = counted
    project.status = status
    db.session.flush()
    page = browser_of(developer).open(f"/projects/{project.reference}/beneficiaries").check()
    assert page.rows("Planned in total") == [
        ["By reach"], ["directly", "100", "7.7%"], ["indirectly", "1,205", "92.3%"],
        ["By sex"], ["female", "1,265", "96.9%"], ["male", "40", "3.1%"],
        ["By age"], ["18-24", "1,200", "92.0%"], ["25-59", "105", "8.0%"],
    ]  # fmt: skip
    assert page.table("Planned in total").totals == [["All planned", "1,305", ""]]
    assert page.rows("Planned by group, sex and age") == [
        ["Government officials", "0", "65", "40", "105"],
        ["Migrants (general)", "1,200", "0", "0", "1,200"],
    ]
    assert page.table("Planned by group, sex and age").totals == [["All planned", "1,200", "65", "40", "1,305"]]


def test_nobody_planned_is_nothing_to_sum(browser_of, app):
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/beneficiaries").check()
    assert "Planned in total" not in page.captions
    db.session.add(Beneficiaries(project_id=project.id, type_code="MIG", reach=Reach.DIRECT, planned=0))
    db.session.flush()
    db.session.expire_all()
    page = browser_of(developer).open(f"/projects/{project.reference}/beneficiaries").check()
    assert page.rows("Planned in total")[1] == ["directly", "0", ""]
