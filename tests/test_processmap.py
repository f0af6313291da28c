"""The process map: a row a stage, boxes that do not overlap, arrows along the road."""

from itertools import combinations

from prima.processmap import Stage, Status, lay_out


def road():
    return [
        Stage("Conceptualization", [Status("CONCEPT", "Concept", "Project developer", state="done")]),
        Stage(
            "Endorsement",
            [
                Status("RETURNED", "Returned for changes", state="off"),
                Status("OFFICE_CLEAR", "With head of office", "Head of office", 5, "here", "since 2 Jan 2015"),
                Status("REVIEW", "In review", "Regional Office, " * 8, 10),
            ],
        ),
        Stage("Reporting", note="Interim reports every 6 months."),
        Stage("Closure", [Status(f"S{number}", f"Status {number}") for number in range(7)]),
    ]


def boxes(drawn):
    return [box for band in drawn.bands for box in band.boxes]


def test_the_stages_stand_in_order_and_say_how_far_they_are():
    drawn = lay_out(road())
    assert [stage.name for stage in drawn.stages] == ["Conceptualization", "Endorsement", "Reporting", "Closure"]
    assert [stage.state for stage in drawn.stages] == ["done", "here", "ahead", "ahead"]


def test_everything_stands_inside_its_band_and_no_box_covers_another():
    drawn = lay_out(road())
    for band in drawn.bands:
        assert band.y + band.height <= drawn.height
        for box in band.boxes:
            assert band.y <= box.y
            assert box.y + box.height <= band.y + band.height
            assert drawn.names <= box.x
            assert box.x + box.width <= drawn.width
    for one, other in combinations(boxes(drawn), 2):
        beside = one.x + one.width <= other.x or other.x + other.width <= one.x
        below = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert beside or below
    for upper, lower in zip(drawn.bands, drawn.bands[1:], strict=False):
        assert upper.y + upper.height < lower.y


def test_a_box_is_high_enough_for_its_lines():
    long = max(boxes(lay_out(road())), key=lambda box: len(box.who))
    assert long.height >= 16 * (len(long.label) + len(long.who) + len(long.when) + 1)


def test_arrows_follow_the_road_and_pass_what_stands_beside_it():
    drawn = lay_out(road())
    assert len(drawn.arrows) == len([box for box in boxes(drawn) if box.status.state != "off"]) - 1
    assert [box.status.code for box in drawn.bands[1].boxes] == ["OFFICE_CLEAR", "REVIEW", "RETURNED"]


def test_no_stages_make_an_empty_map():
    assert lay_out([]).bands == ()
