"""The browser of the tests itself, tried on a small application of its own."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask, flash, get_flashed_messages, redirect, request, session

from tests.browser import Browser

FRAME = """<!doctype html><html lang="en"><head><title>Small</title></head><body>
<header><form action="/search"><label for="q">Search</label><input id="q" name="q"><button>Search</button></form>
<form method="post" action="/out"><button>Sign out</button></form></header><main>{}</main></body></html>"""

FORM = """<h1>Edit&nbsp;the <b>cover</b>s</h1>
<p hidden>Out of sight</p>
<form method="post" action="save?from=form">
<input type="hidden" name="csrf_token" value="token">
<label for="title">Title *</label><input id="title" name="title" value="Old">
<label for="text">Summary</label><textarea id="text" name="text">
First
second</textarea>
<label for="start">Start</label><input id="start" type="date" name="start">
<label for="office">Office</label><select id="office" name="office"><option value="KE">Kenya</option>
<option value="SO">Somalia</option></select>
<fieldset><legend>Marker</legend>
<label><input type="radio" name="marker" value="1" checked> One</label>
<label><input type="radio" name="marker" value="2a"> Two</label></fieldset>
<fieldset><legend>Themes</legend>
<label><input type="checkbox" name="theme" value="a" checked> Rights</label>
<label><input type="checkbox" name="theme" value="b"> Health</label></fieldset>
<fieldset><legend>Line 1</legend><label for="l1">Amount</label><input id="l1" name="l1"></fieldset>
<fieldset><legend>Line 2</legend><label for="l2">Amount</label><input id="l2" name="l2"></fieldset>
<label for="fixed">Fixed</label><input id="fixed" name="fixed" value="9" disabled>
<button>Save</button> <button name="then" value="submit">Submit</button> <button disabled>Endorse</button>
</form>
<form method="post" action="/upload" enctype="multipart/form-data"><label for="file">Letter</label>
<input id="file" type="file" name="file"><label for="more">More</label><input id="more" type="file" name="more">
<button>Upload</button></form>"""

LISTS = """<h1>Projects</h1>
<table><caption>Projects</caption><thead><tr><th>Reference</th><th>Budget</th><th></th></tr></thead>
<tbody><tr><td><a href="/one">P-1</a></td><td> 1,000
 USD</td><td><form method="post" action="/remove/1"><button>Remove</button></form></td></tr>
<tr><td><a href="/two">P-2</a></td><td>2<br>000</td><td><form method="post" action="/remove/2"><button>Remove</button>
</form></td></tr></tbody><tfoot><tr><td>All</td><td>3,000</td><td></td></tr></tfoot></table>
<dl><dt>Donor</dt><dd>Not stated</dd><dt>Countries</dt><dd>Kenya</dd><dd>Somalia</dd></dl>
<a href="#top">Up</a> <a href="https://elsewhere.example/">Away</a>"""


def echo() -> str:
    flash("It is saved.")
    pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
    pairs += [(name, f"{file.filename}:{file.read().decode()}") for name, file in request.files.items(multi=True)]
    session["sent"] = [[name, value] for name, value in pairs]
    return redirect("/sent", 303)


def sent() -> str:
    rows = "".join(f"<tr><th>{name}</th><td>{value!r}</td></tr>" for name, value in session["sent"])
    message = "".join(
        f'<p role="status"><b class="visually-hidden">Done:</b> {text}</p>' for text in get_flashed_messages()
    )
    return FRAME.format(f"<h1>Sent</h1>{message}<table><caption>Sent</caption>{rows}</table>")


@pytest.fixture
def browser() -> Browser:
    app = Flask("small")
    app.secret_key = "small"
    app.add_url_rule("/form", "form", lambda: FRAME.format(FORM))
    app.add_url_rule("/lists", "lists", lambda: FRAME.format(LISTS))
    for url in ("/save", "/upload", "/remove/<row>", "/out"):
        app.add_url_rule(url, url, lambda row="": echo(), methods=["POST"])
    app.add_url_rule("/search", "search", echo)
    app.add_url_rule("/sent", "sent", sent)
    app.add_url_rule("/two", "two", lambda: (FRAME.format("<h1>Second</h1>"), 409))
    app.add_url_rule("/raw/<path:body>", "raw", lambda body: FRAME.format(f"<h1>Raw</h1>{body}"))
    return Browser(app)


def contents(page) -> list[list[str]]:
    return page.rows("Sent")


def test_a_page_is_read_as_it_is_seen(browser):
    page = browser.open("/form")
    assert (page.status, page.url, page.title, page.heading) == (200, "/form", "Small", "Edit the covers")
    assert "Out of sight" not in page.text
    assert page.buttons == ["Save", "Submit", "Upload"]


def test_a_form_is_sent_as_it_stands(browser):
    assert contents(browser.open("/form").press("Save")) == [
        ["from", "'form'"],
        ["csrf_token", "'token'"],
        ["title", "'Old'"],
        ["text", r"'First\r\nsecond'"],
        ["start", "''"],
        ["office", "'KE'"],
        ["marker", "'1'"],
        ["theme", "'a'"],
        ["l1", "''"],
        ["l2", "''"],
    ]


def test_what_is_filled_is_sent_and_the_redirect_followed(browser):
    page = browser.open("/form").fill("Title", "New").fill("Start", date(2016, 10, 1)).fill("Office", "Somalia")
    page.fill("Marker", "Two").fill("Themes", ["Health"]).fill("Line 2 Amount", 7).fill("Summary", "a\nb")
    assert (page.value("Office"), page.value("Marker"), page.value("Themes")) == ("Somalia", "Two", ["Health"])
    answer = page.press("Submit")
    assert (answer.url, answer.messages, answer.response.history[0].status_code) == ("/sent", ["It is saved."], 303)
    assert contents(answer)[2:] == [
        ["title", "'New'"],
        ["text", r"'a\r\nb'"],
        ["start", "'2016-10-01'"],
        ["office", "'SO'"],
        ["marker", "'2a'"],
        ["theme", "'b'"],
        ["l1", "''"],
        ["l2", "'7'"],
        ["then", "'submit'"],
    ]


def test_a_single_box_is_ticked_and_cleared(browser):
    page = browser.open("/form").fill("Themes Health", True).fill("Rights", False).fill("Two", True)
    assert (page.value("Themes"), page.value("Marker")) == (["Health"], "Two")


def test_a_file_is_sent_with_its_name(browser):
    page = browser.open("/form").fill("Letter", ("letter.txt", b"Dear Sirs")).press("Upload")
    assert contents(page) == [["file", "'letter.txt:Dear Sirs'"], ["more", "':'"]]


def test_a_form_that_asks_is_sent_in_the_address(browser):
    assert contents(browser.open("/lists").fill("Search", "é &").press("Search")) == [["q", "'é &'"]]


def test_the_frame_is_looked_at_when_the_main_content_has_no_such_button(browser):
    assert browser.open("/lists").press("Sign out").heading == "Sent"


def test_tables_and_definitions_are_read_by_their_words(browser):
    page = browser.open("/lists")
    table = page.table("Projects")
    assert page.headings("Projects") == ["Reference", "Budget", ""]
    assert page.rows("Projects") == [["P-1", "1,000 USD", "Remove"], ["P-2", "2 000", "Remove"]]
    assert (table.column("Budget"), table.totals) == (["1,000 USD", "2 000"], [["All", "3,000", ""]])
    assert (page.definition("Donor"), page.definition("Countries")) == ("Not stated", "Kenya, Somalia")


def test_a_link_is_followed_to_an_answer_that_is_not_ok(browser):
    page = browser.open("/lists").follow("P-2")
    assert (page.status, page.heading) == (409, "Second")


def test_one_of_several_buttons_is_named_by_its_row(browser):
    page = browser.open("/lists")
    with pytest.raises(AssertionError, match=r"2 of the button 'Remove'.*'P-1 1,000 USD Remove'"):
        page.press("Remove")
    assert page.press("Remove", within="P-2").status == 200


@pytest.mark.parametrize(
    ("act", "answer"),
    [
        (lambda page: page.press("Destroy"), "There is no button 'Destroy'. There is: 'Search', 'Sign out', 'Save'"),
        (lambda page: page.press("Endorse"), "There is no button 'Endorse'"),
        (lambda page: page.follow("Home"), "There is no link 'Home'. There is: nothing"),
        (lambda page: page.fill("Name", "x"), "There is no field 'Name'. There is: 'Search', 'Title *'"),
        (lambda page: page.fill("Amount", "x"), "There are 2 of the field 'Amount'"),
        (lambda page: page.fill("Office", "Mars"), "'Office' does not offer 'Mars'. It offers: 'Kenya', 'Somalia'"),
        (lambda page: page.fill("Fixed", "1"), "'Fixed' cannot be changed"),
        (lambda page: page.table("Budget"), "There is no table 'Budget'. There is: nothing"),
        (lambda page: page.definition("Donor"), "There is no term 'Donor'"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(browser, act, answer):
    with pytest.raises(AssertionError) as refusal:
        act(browser.open("/form"))
    assert answer in str(refusal.value)


def test_a_link_out_of_the_application_is_not_followed(browser):
    with pytest.raises(AssertionError, match="leads out of the application"):
        browser.open("/lists").follow("Away")


def test_two_people_do_not_share_cookies(browser):
    browser.open("/lists").press("Sign out")
    assert "session" not in str(Browser(browser.client.application).client._cookies)


def test_an_error_summary_is_read_item_by_item(browser):
    summary = '<div class="error-summary" role="alert"><h2>Mend this</h2><ul><li>Too long.<li>Too late.</ul></div>'
    page = browser.open(f"/raw/{summary}")
    assert (page.errors, page.messages) == (["Too long.", "Too late."], [])


def test_a_sound_page_passes_the_check(browser):
    browser.open("/form").check()


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<h1>Again</h1>", "2 h1 instead of one"),
        ('<input name="a">', "the text field 'a' has no label"),
        ('<p id="q">x', "the id 'q' stands 2 times"),
        ('<label for="nothing">x</label>', "for='nothing' of label names nothing"),
        ('<a href="#nothing">x</a>', "leads to #nothing"),
        ("<script>alert(1)</script>", "script stands in the page"),
        ('<p style="color:red">x', "p has the attribute style"),
        ('<p onclick="go()">x', "p has the attribute onclick"),
        ("<td>None", "the raw value 'None'"),
        ("<table><tr><td>IN_REVIEW", "the raw value 'IN_REVIEW'"),
        ("<p>It is Status.DRAFT now.", "the text shows 'Status.DRAFT'"),
    ],
)
def test_an_unsound_page_is_told_what_is_wrong(browser, body, fault):
    with pytest.raises(AssertionError) as refusal:
        browser.open(f"/raw/{body}".replace("#", "%23")).check()
    assert fault in str(refusal.value)
