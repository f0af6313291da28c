"""What differs between two texts and two tables: to the letter, readable, and in bounded time."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prima.endorsement.differences import compare
from prima.endorsement.differences.rows import paired
from prima.endorsement.differences.words import Kind, paragraphs, words
from prima.endorsement.reading import Part
from prima.endorsement.reading.blocks import Column, Fact, Facts, Prose, Row, Table

PROSE = st.lists(st.sampled_from(["a", "to", "migrants", "fair", "work", "\n", "\n\n", " ", "  ", "Kenya,"])).map(
    "".join
)
ANY = st.text(max_size=60) | PROSE


def sides(runs) -> tuple[str, str]:
    return (
        "".join(run.text for run in runs if run.kind is not Kind.ADDED),
        "".join(run.text for run in runs if run.kind is not Kind.REMOVED),
    )


def shown(runs) -> str:
    signs = {Kind.SAME: "%s", Kind.REMOVED: "[-%s-]", Kind.ADDED: "{+%s+}"}
    return "".join(signs[run.kind] % run.text for run in runs)


@given(ANY, ANY)
def test_what_is_shown_gives_the_old_text_and_the_new_one(before, after):
    runs = words(before, after)
    assert sides(runs) == (before, after)
    if before == after:
        assert all(run.kind is Kind.SAME for run in runs)


@given(PROSE, PROSE)
def test_paragraphs_show_every_word_of_both(before, after):
    lines = paragraphs(words(before, after))
    for place, text in enumerate((before, after)):
        assert "".join("".join(sides(line)[place] for line in lines).split()) == "".join(text.split())


def test_words_are_marked_and_the_rest_is_left_alone():
    assert shown(words("Workers pay for jobs abroad.", "Workers pay dearly for jobs overseas.")) == (
        "Workers pay {+dearly +}for jobs [-abroad.-]{+overseas.+}"
    )
    assert shown(words("One.\nTwo is here.\nThree.", "One.\nTwo was here.\nThree.\nFour.")) == (
        "One.\nTwo [-is-]{+was+} here.\nThree.{+\nFour.+}"
    )


def test_a_paragraph_that_is_new_leaves_its_neighbours_in_one_piece():
    before = "The office trains forty officers in two counties.\nThey keep records of every case."
    after = "The office trains sixty officers in two counties.\nA study comes first.\nThey keep records of every case."
    assert shown(words(before, after)) == (
        "The office trains [-forty-]{+sixty+} officers in two counties.\n{+A study comes first.\n+}"
        "They keep records of every case."
    )


def test_a_text_written_anew_is_shown_as_a_whole():
    runs = words("Fair recruitment in Kenya for all who leave.", "Remittances cost too much to send home.")
    assert [run.kind for run in runs] == [Kind.REMOVED, Kind.ADDED]


def a_long_text(seed: int, count: int = 3300) -> str:
    chance = random.Random(seed)
    vocabulary = [f"word{number}" for number in range(4000)]
    weights = [1 / (number + 1) for number in range(4000)]
    return " ".join(chance.choices(vocabulary, weights, k=count))


def every(text: str, step: int) -> str:
    return " ".join(f"new{place}" if place % step == 0 else word for place, word in enumerate(text.split()))


LONG = a_long_text(1)
PAIRS = {
    "a word in ten": (LONG, every(LONG, 10)),
    "a word in two": (LONG, every(LONG, 2)),
    "written anew": (LONG, a_long_text(2)),
    "one word for ever": ("a " * 10_000, "a " * 9_000 + "b " * 1_000),
    "two words in turn": ("a b " * 5_000, "b a " * 5_000),
    "lines without words": ("\n" * 20_000, "\nx\n" * 6_000),
    "lines in turn": ("a\nb\n" * 5_000, "b\na\n" * 5_000),
}


@pytest.mark.parametrize("name", PAIRS)
def test_long_texts_come_out_whole(name):
    """How long they take is measured by the bench, beside the standard library's comparison."""
    before, after = PAIRS[name]
    assert sides(words(before, after)) == (before, after)


def rows(*texts: str, **more) -> list[Row]:
    return [Row((text,), text, **more) for text in texts]


def told(old, new, **more) -> list[tuple[str | None, str | None]]:
    return [(a and a.key, b and b.key) for a, b in paired(old, new, **more)]


def test_rows_are_told_by_their_text_wherever_they_stand():
    assert told(rows("one", "two", "three"), rows("three", "one", "new")) == [
        ("three", "three"), ("one", "one"), ("two", "new"),
    ]  # fmt: skip


def test_a_row_that_was_reworded_is_the_same_row():
    old = rows("Train forty officers in Kenya", "Write a study", "Buy a car")
    new = rows("Write a study", "Train sixty officers in Kenya", "Print the study")
    assert told(old, new) == [
        ("Write a study", "Write a study"),
        ("Buy a car", None),
        ("Train forty officers in Kenya", "Train sixty officers in Kenya"),
        (None, "Print the study"),
    ]


def test_a_code_is_never_another_code():
    assert told(rows("KEN", "UGA"), rows("KEN", "TZA"), coded=True) == [("KEN", "KEN"), ("UGA", None), (None, "TZA")]


def test_the_same_words_under_another_row_are_another_row():
    old = [*rows("A"), *rows("Number of officers", under="A"), *rows("B"), *rows("Number of officers", under="B")]
    new = [*rows("B"), *rows("Number of officers", under="B")]
    assert told(old, new) == [
        ("A", None), ("Number of officers", None), ("B", "B"), ("Number of officers", "Number of officers"),
    ]  # fmt: skip


@given(st.lists(st.sampled_from("abcd"), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_every_row_of_both_stands_once(before, after):
    pairs = paired(rows(*before), rows(*after))
    assert sorted(a.key for a, _b in pairs if a) == sorted(before)
    assert [b.key for _a, b in pairs if b] == after


def a_budget(*lines: tuple[str, str], unit: str = "USD") -> Part:
    table = Table(
        "Budget lines",
        (Column("Description"), Column("Amount", sums=True)),
        tuple(Row((text, Decimal(amount)), text) for text, amount in lines),
        unit=unit,
    )
    return Part("BUD", "Budget", (table,))


def test_amounts_have_a_difference_with_their_total():
    before, after = a_budget(("Staff", "100.00"), ("Car", "50.00")), a_budget(("Staff", "120.50"), ("Desk", "10.00"))
    [part] = compare([before], [after]).changed
    [table] = part.blocks
    assert [(row.kind, [cell.difference for cell in row.cells]) for row in table.rows] == [
        (Kind.SAME, [None, Decimal("20.50")]),
        (Kind.SAME, [None, Decimal("-40.00")]),
    ]
    assert table.totals[1].difference == Decimal("-19.50")


def test_amounts_of_two_currencies_are_not_subtracted():
    [part] = compare([a_budget(("Staff", "100.00"))], [a_budget(("Staff", "100.00"), unit="KES")]).changed
    [table] = part.blocks
    assert table.units == ("USD", "KES")
    assert table.totals[1].difference is None
    assert all(cell.difference is None for row in table.rows if not isinstance(row, int) for cell in row.cells)


def test_what_did_not_change_is_folded_and_counted():
    before = a_budget(*((f"Line {number}", "1.00") for number in range(10)))
    after = a_budget(*((f"Line {number}", "2.00" if number == 4 else "1.00") for number in range(10)))
    [part] = compare([before], [after]).changed
    [table] = part.blocks
    assert [row if isinstance(row, int) else row.cells[0].after for row in table.rows] == [4, "Line 4", 5]
    found = compare(
        [before, Part("RAT", "Rationale", (Prose("Why."),))], [after, Part("RAT", "Rationale", (Prose("Why."),))]
    )
    assert found.same == ["Rationale"]


def test_lists_are_compared_by_what_stands_in_them():
    before = Part("COV", "Cover", (Facts((Fact("Countries", ("Kenya", "Uganda")), Fact("Title", "One"))),))
    after = Part("COV", "Cover", (Facts((Fact("Countries", ("Kenya", "Somalia")), Fact("Title", "One"))),))
    [part] = compare([before], [after]).changed
    [block] = part.blocks
    [(label, change)] = block.facts
    assert (label, block.same) == ("Countries", 1)
    assert {(item.kind, item.text) for item in change.items} == {
        (Kind.SAME, "Kenya"), (Kind.ADDED, "Somalia"), (Kind.REMOVED, "Uganda"),
    }  # fmt: skip


def test_a_section_that_only_one_version_has_is_all_new_or_all_gone():
    text = Part("RAT", "Rationale", (Prose("Why."),))
    for before, after, kind in (([], [text], Kind.ADDED), ([text], [], Kind.REMOVED)):
        [part] = compare(before, after).changed
        assert [[run.kind for run in line] for line in part.blocks[0].paragraphs] == [[kind]]
