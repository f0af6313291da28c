"""The process map: stages in order, boxes that do not overlap, and lines that run through none of them."""

from itertools import combinations, pairwise

import pytest

from prima.processmap import SLOTS, WIDTH, Stage, Status, Way, lay_out


def road():
    return [
        Stage("Conceptualization", [Status("CONCEPT", "Concept", "Project developer", state="done")]),
        Stage(
            "Endorsement",
            [
                Status("RETURNED", "Returned for changes", state="done", is_beside=True),
                Status(
                    "OFFICE_CLEAR", "With head of office", "Head of office", "5 working days", "here", "since 2 Jan"
                ),
                Status("REVIEW", "In review", "Regional Office, " * 8, "10 working days", moves=("3 Pass", "4 Return")),
            ],
        ),
        Stage("Reporting and whatever else has a very long name indeed", note="Interim reports every 6 months."),
        Stage("Closure", [Status(f"S{number}", f"Status {number}") for number in range(7)]),
        Stage("Afterwards", [Status("LAST", "Last")]),
    ]


PLACES = ("CONCEPT", "RETURNED", "OFFICE_CLEAR", "REVIEW", *(f"S{number}" for number in range(7)), "LAST")
EVERYWHERE = [
    Way(number, source, target)
    for number, (source, target) in enumerate(((a, b) for a in PLACES for b in PLACES if a != b), 1)
]


def boxes(drawn):
    return [box for band in drawn.bands for box in band.boxes]


def apart(one, other):
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + one.height <= other.y or other.y + other.height <= one.y


def test_the_stages_stand_in_order_and_say_how_far_they_are():
    drawn = lay_out(road())
    assert [stage.name for stage in drawn.stages][:2] == ["Conceptualization", "Endorsement"]
    assert [stage.state for stage in drawn.stages] == ["done", "here", "ahead", "ahead", "ahead"]
    read = [(band.y, band.x) for band in drawn.bands]
    assert read == sorted(read)


@pytest.mark.parametrize("ways", [[], EVERYWHERE], ids=["no move", "every move"])
def test_everything_stands_inside_its_band_and_nothing_covers_another(ways):
    drawn = lay_out(road(), ways)
    for band in drawn.bands:
        assert band.x >= 0
        assert band.x + band.width <= drawn.width
        assert 0 <= band.y < band.y + band.height <= drawn.height
        for box in band.boxes:
            assert band.x <= box.x
            assert band.y <= box.y
            assert box.x + box.width <= band.x + band.width
            assert box.y + box.height <= band.y + band.height
    assert all(apart(*pair) for pair in combinations(drawn.bands, 2))
    assert all(apart(*pair) for pair in combinations(boxes(drawn), 2))


def test_a_box_is_high_enough_for_its_lines():
    long = max(boxes(lay_out(road())), key=lambda box: len(box.lines))
    assert long.status.code == "REVIEW"
    assert [words for kind, words in long.lines if kind == "move"] == ["3 Pass", "4 Return"]
    assert long.height >= 15 * (len(long.label) + len(long.lines)) + 10


def test_a_line_leads_from_box_to_box_and_runs_through_none():
    drawn = lay_out(road(), EVERYWHERE)
    places = {box.status.code: box for box in boxes(drawn)}
    assert len(drawn.arrows) == len(EVERYWHERE)
    for arrow in drawn.arrows:
        source, target = places[arrow.source], places[arrow.target]
        for (x, y), box in ((arrow.points[0], source), (arrow.points[-1], target)):
            assert box.x - 1 <= x <= box.x + box.width + 1
            assert box.y - 1 <= y <= box.y + box.height + 1
        for (x1, y1), (x2, y2) in pairwise(arrow.points):
            assert x1 == x2 or y1 == y2
            assert 0 <= min(x1, x2) <= max(x1, x2) <= WIDTH
            assert 0 <= min(y1, y2) <= max(y1, y2) <= drawn.height
            for box in places.values():
                crosses = min(x1, x2) < box.x + box.width and max(x1, x2) > box.x
                assert not (crosses and min(y1, y2) < box.y + box.height and max(y1, y2) > box.y), (arrow, box)


def test_neighbours_are_joined_by_a_straight_line_there_and_back():
    drawn = lay_out(road(), [Way(1, "OFFICE_CLEAR", "REVIEW"), Way(2, "REVIEW", "OFFICE_CLEAR")])
    there, back = drawn.arrows
    assert [len(arrow.points) for arrow in drawn.arrows] == [2, 2]
    assert there.points[0][1] != back.points[0][1]


def test_moves_of_the_same_way_share_their_arrow_and_the_latest_state_shows():
    ways = [Way(3, "CONCEPT", "REVIEW", "taken"), Way(5, "CONCEPT", "REVIEW"), Way(4, "CONCEPT", "REVIEW", "open")]
    [arrow] = lay_out(road(), ways).arrows
    assert (arrow.numbers, arrow.state) == ("3, 5, 4", "open")


def test_what_stands_beside_the_road_comes_last_in_its_stage():
    drawn = lay_out(road())
    assert [box.status.code for box in drawn.bands[1].boxes] == ["OFFICE_CLEAR", "REVIEW", "RETURNED"]


def test_a_stage_of_many_statuses_takes_several_rows():
    bands = [band for band in lay_out(road()).bands if band.stage.name == "Closure"]
    assert [len(band.boxes) for band in bands] == [SLOTS, 2]
    assert bands[0].y < bands[1].y


def test_a_way_to_what_is_not_drawn_is_left_out():
    assert lay_out(road(), [Way(1, "CONCEPT", "NOWHERE")]).arrows == ()


def test_no_stages_make_an_empty_map():
    assert lay_out([]).bands == ()
