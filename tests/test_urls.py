"""Addresses of pages are built once, and are Flask's to the letter."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from flask import Flask, url_for

VALUES = (
    ("listing.index", {}),
    ("listing.index", {"region": "NBO", "year": 2015}),
    ("listing.index", {"year": 2015, "region": "NBO"}),
    ("listing.index", {"year": "2015", "region": None, "q": "fair & recruitment/é"}),
    ("listing.index", {"_anchor": "totals"}),
    ("projects.show", {"reference": "P-2016-00001"}),
    ("listing.index", {"area": ["LHD", "CT"]}),
    ("listing.index", {"overdue": True}),
    ("listing.index", {"_external": True}),
)


@pytest.mark.parametrize(("endpoint", "values"), VALUES)
@pytest.mark.parametrize("root", ["", "/prima"])
def test_an_address_is_that_of_flask_and_stays_so(app: Flask, endpoint: str, values: dict, root: str) -> None:
    with app.test_request_context("/desk", environ_overrides={"SCRIPT_NAME": root}):
        expected = Flask.url_for(app, endpoint, **values)
        assert [url_for(endpoint, **values) for _time in range(2)] == [expected] * 2
        assert expected.startswith(root or "/") or values.get("_external")


def test_an_address_is_built_once(app: Flask) -> None:
    with (
        app.test_request_context("/"),
        patch.object(Flask, "url_for", autospec=True, side_effect=Flask.url_for) as built,
    ):
        for _time in range(3):
            url_for("listing.index", region="XYZ", year=1999)
        assert built.call_count == 1


def test_outside_of_a_request_flask_decides(app: Flask) -> None:
    with pytest.raises(RuntimeError):
        url_for("listing.index", region="NBO")
