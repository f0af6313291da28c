"""Conditions are data: a closed grammar, judged by facts alone, said in plain words, refused with the key."""

from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest

import prima.handbook
from prima.handbook.codes import unknown_codes
from prima.handbook.conditions import COMPARISONS, FIELDS, Condition, Unjudged, grounds, holds, say
from prima.handbook.edition import Edition, EditionError, parse

SOURCE = (Path(prima.handbook.__file__).parent / "editions" / "fund_current.toml").read_text(encoding="utf-8")
FACTS = MappingProxyType(
    {
        "funding": "donor",
        "donor.eu_money": True,
        "donor.kind": "eu",
        "budget_usd": Decimal("500000.00"),
        "countries": ("KEN", "UGA"),
        "countries.count": 2,
        "regions.count": 1,
        "areas": {"LHD"},
        "project_type": "LM",
        "agreement": False,
    }
)


def condition(**written):
    return Condition.model_validate(written)


def conditional(reviewer: str = "HQD", when: str = '{field = "donor.eu_money", is = true}', funding="donor") -> str:
    """The current edition with one more reviewer, under a condition."""
    more = f'[[reviewers]]\nrole = "{reviewer}"\ncode = "EXTRA"\nscope = "headquarters"\ndays = 5\n'
    more += f'funding = ["{funding}"]\n'
    return SOURCE.replace("[[reviewers]]\n", f"{more}needed_when = {when}\n\n[[reviewers]]\n", 1)


@pytest.mark.parametrize(
    ("written", "expected", "words"),
    [
        ({"field": "funding", "is": "donor"}, True, "the funder is a donor"),
        ({"field": "funding", "is_not": "fund"}, True, "the funder is not the Fund"),
        ({"field": "donor.eu_money", "is": True}, True, "it is money of the EU"),
        ({"field": "donor.eu_money", "is_not": True}, False, "it is not money of the EU"),
        ({"field": "agreement", "is": False}, True, "there is no agreement"),
        ({"field": "donor.kind", "in": ["un", "eu"]}, True, "the kind of donor is one of the United Nations, "),
        ({"field": "budget_usd", "at_least": 500000}, True, "the budget in USD is 500,000 or more"),
        ({"field": "budget_usd", "more_than": 500000}, False, "the budget in USD is more than 500,000"),
        ({"field": "budget_usd", "at_most": Decimal("499999.99")}, False, "the budget in USD is 499,999.99 or less"),
        ({"field": "countries.count", "less_than": 3}, True, "the number of countries is less than 3"),
        ({"field": "regions.count", "is": 1}, True, "the number of regions is 1"),
        ({"field": "countries", "includes": "KEN"}, True, "the countries include KEN"),
        ({"field": "areas", "includes": "MHD"}, False, "the areas of work include MHD"),
        ({"field": "project_type", "in": ["LM", "CC"]}, True, "the project type is one of LM, CC"),
    ],
)
def test_a_comparison_is_judged_and_said(written, expected, words):
    read = condition(**written)
    assert holds(read, FACTS) is expected
    assert say(read).startswith(words)
    assert Condition.model_validate_json(read.model_dump_json()) == read


def test_every_comparison_of_every_field_can_be_read_judged_and_said():
    for name, field in FIELDS.items():
        for comparison in field.comparisons:
            assert comparison in COMPARISONS
            value = {"a number": 1, "true or false": True}.get(field.takes, next(iter(field.choices or ["KEN"])))
            read = condition(**{"field": name, comparison: [value] if comparison == "in" else value})
            assert isinstance(holds(read, FACTS), bool)
            assert str(field.says) in say(read)


def test_all_and_any_are_joined_and_bracketed():
    written = {
        "all": [
            {"field": "funding", "is": "donor"},
            {"any": [{"field": "budget_usd", "at_least": 900000}, {"field": "donor.eu_money", "is": True}]},
        ]
    }
    read = condition(**written)
    assert holds(read, FACTS)
    assert not holds(read, {**FACTS, "donor.eu_money": False})
    assert say(read) == "the funder is a donor and (the budget in USD is 900,000 or more or it is money of the EU)"
    assert Condition.model_validate(read.model_dump(mode="json")) == read


def test_names_stand_for_codes_where_they_are_known():
    read = condition(field="project_type", **{"is": "LM"})
    assert say(read, lambda list_name, code: f"{code} of {list_name}") == "the project type is LM of project_types"


def test_what_a_project_does_not_have_fulfils_nothing_but_is_not():
    facts = {**FACTS, "donor.kind": None, "donor.eu_money": None}
    assert not holds(condition(field="donor.kind", **{"is": "eu"}), facts)
    assert not holds(condition(field="donor.kind", **{"in": ["eu"]}), facts)
    assert not holds(condition(field="donor.eu_money", **{"is": False}), facts)
    assert holds(condition(field="donor.kind", is_not="eu"), facts)


@pytest.mark.parametrize("joined", ["all", "any"])
def test_a_fact_that_nobody_said_is_an_error_wherever_it_stands(joined):
    known, unknown = {"field": "funding", "is": "fund"}, {"field": "budget_usd", "at_least": 1}
    for parts in ([known, unknown], [unknown, known]):
        with pytest.raises(Unjudged, match="budget_usd"):
            holds(condition(**{joined: parts}), {"funding": "fund"})


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("{}", ": needs exactly one of field, all and any"),
        ("5", ': must be a table such as {field = "funding", is = "donor"}'),
        ('"budget_usd > 5"', ': must be a table such as {field = "funding", is = "donor"}'),
        ('{field = "funding"}', ": funding needs one comparison, of is, is_not, in"),
        ('{field = "funding", is = "fund", in = ["fund"]}', ": funding needs one comparison, of is, is_not, in"),
        ('{field = "funding", matches = ".*"}', ": funding needs one comparison, of is, is_not, in"),
        ('{field = "funding", is = "mars"}', ": funding is one of fund, donor, not 'mars'"),
        ('{field = "budget_usd", at_least = true}', ": budget_usd is compared with a number, not True"),
        ('{field = "budget_usd", at_least = nan}', ": budget_usd is compared with a number, not NaN"),
        ('{field = "agreement", is = "yes"}', ": agreement is compared with true or false, not 'yes'"),
        ("{all = []}", ": all needs at least one condition"),
        ("{any = 5}", ".any: must be a list in square brackets, not 5"),
        ('{all = [], field = "funding"}', ": needs exactly one of field, all and any"),
        (
            '{any = [{field = "agreement", is = true}], not = 1}',
            ": any stands alone; not does not belong beside it",
        ),
        (
            '{any = [{field = "agreement", is = true}, {field = "budget_usd", in = 5}]}',
            ".any[2]: budget_usd in: must be a list in square brackets with at least one value",
        ),
    ],
)
def test_a_condition_outside_the_grammar_is_refused_with_its_key(when, reason):
    with pytest.raises(EditionError) as refused:
        parse(conditional(when=when), "changed.toml")
    assert refused.value.lines == (f"changed.toml: reviewers[EXTRA].needed_when{reason}.",)


def test_an_unknown_field_is_refused_and_the_known_ones_are_named():
    with pytest.raises(EditionError, match=r"owner is not a field of conditions; these are: funding, .*, agreement\."):
        parse(conditional(when='{field = "owner", is = "x"}'), "changed.toml")


def test_codes_of_conditions_stand_in_the_lists():
    edition = parse(conditional(when='{field = "countries", includes = "XXX"}'), "changed.toml")
    assert list(unknown_codes(edition)) == [
        ("reviewers[EXTRA].needed_when", "XXX does not stand in the list countries"),
    ]


def test_a_reviewer_under_a_condition_is_asked_only_when_it_holds():
    edition = parse(conditional(), "changed.toml")
    stored = Edition.model_validate(edition.model_dump(mode="json"))
    assert stored == edition
    always = {one.key for one in parse(SOURCE, "now.toml").reviewers_for("donor", FACTS)}
    assert {one.key for one in stored.reviewers_for("donor", FACTS)} == {*always, "EXTRA"}
    otherwise = {one.key for one in stored.reviewers_for("donor", {**FACTS, "donor.eu_money": False})}
    assert otherwise == always - {"RPDO-BRU"}


def test_a_condition_neither_holds_nor_fails_for_somebody_who_brings_no_facts():
    edition = parse(conditional(), "changed.toml")
    with pytest.raises(Unjudged, match="EXTRA"):
        edition.reviewers_for("donor")
    assert {one.role for one in edition.reviewers_for("fund")} == {"RPDO", "RTS", "RRMO", "RME"}


def test_sections_and_rules_take_conditions_too():
    large = 'needed_when = {field = "budget_usd", more_than = 100000}\n'
    text = SOURCE.replace('code = "MON"\n', f'code = "MON"\n{large}', 1)
    edition = parse(text.replace('code = "REQ_LETTER"\n', f'code = "REQ_LETTER"\n{large}', 1), "changed.toml")
    small = {**FACTS, "budget_usd": Decimal(100000)}
    plain = parse(SOURCE, "now.toml")
    assert {one.code for one in plain.sections_for("fund")} - {
        one.code for one in edition.sections_for("fund", small)
    } == {"MON"}
    assert {one.code for one in plain.rules_for("submit", "fund")} - {
        one.code for one in edition.rules_for("submit", "fund", facts=small)
    } == {"REQ_LETTER"}
    assert len(edition.sections_for("fund", FACTS)) == len(plain.sections)


def test_the_cover_cannot_be_left_out():
    text = SOURCE.replace('code = "COV"\n', 'code = "COV"\nneeded_when = {field = "agreement", is = true}\n', 1)
    with pytest.raises(EditionError, match="COV, the cover, must stand here without a condition"):
        parse(text, "changed.toml")


def test_the_grounds_of_a_condition_are_those_of_its_alternatives_that_hold():
    large = {"field": "budget_usd", "at_least": 500}
    regional = {"field": "regions.count", "more_than": 1}
    either = Condition.model_validate({"any": [large, regional]})
    facts = {"budget_usd": Decimal(600), "regions.count": 1}
    assert grounds(either, facts) == Condition.model_validate(large)
    assert grounds(either, facts | {"regions.count": 2}) == either
    assert grounds(either, facts | {"budget_usd": Decimal(1)}) == either  # it does not hold: the whole is said
    both = Condition.model_validate({"all": [{"any": [large, regional]}, large]})
    assert grounds(both, facts) == Condition.model_validate({"all": [large, large]})
