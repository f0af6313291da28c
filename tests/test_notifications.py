"""What PRIMA wrote to somebody, read inside PRIMA: one's own letters, newest first, marked read by a button."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from prima import clock
from prima.db import db
from prima.outbox import Letter, queue
from prima.people import accounts
from prima.sessions import with_rights
from prima.users import SignIn, User
from tests.conftest import TODAY
from tests.factories import a_deadline, a_project, a_user, an_active_project

CAPTION = "Notifications"


def write(user, number, **more):
    """Letters to the person, the oldest first; the id of the last."""
    for place in range(1, number + 1):
        values = {"subject": f"Letter {place}", "body": f"The zeppelin of letter {place}.", "path": "/handbook", **more}
        queue(db.session(), to=user, cause=f"test:{user.id}:{place}:{len(more)}", kind="test", **values)
    db.session.commit()
    return db.session.scalars(select(Letter.id).where(Letter.user_id == user.id).order_by(Letter.id.desc())).first()


def subjects(page):
    return [row[0] for row in page.rows(CAPTION)]


def badge(page):
    found = page.soup.select_one("a.unread .count")
    return found.get_text() if found else None


def test_a_letter_stands_there_as_subject_and_link_and_its_text_does_not(browser_of, counting):
    reader = a_user("PM", "KEN")
    write(reader, 2)
    page = browser_of(reader).open("/notifications").check()
    assert [[row[0], row[2]] for row in page.rows(CAPTION)] == [["Letter 2", "Unread"], ["Letter 1", "Unread"]]
    assert "zeppelin" not in page.html
    assert page.follow("Letter 1").url == "/handbook"
    assert badge(browser_of(reader).open("/notifications")) == "2", "looking at a page marks nothing"


def test_a_decision_is_told_to_those_it_is_about(browser_of):
    """From the decision on one page to the letter on the other, and on to what it is about."""
    manager = a_user("PM", "KEN")
    project = an_active_project(manager)
    deadline = a_deadline(project, due_on=TODAY + timedelta(days=20))
    page = browser_of(a_user("FUND")).open(f"/projects/{project.reference}/deadlines/{deadline.id}/move")
    page.fill("New due date", "2016-12-24").fill("Reason", "Floods closed the roads.").press("Move the due date")
    page = browser_of(manager).open("/notifications")
    assert subjects(page) == [f"{project.name}: the interim narrative report is now due on 24 Dec 2016"]
    assert "Floods" not in page.text
    assert "24 Dec 2016" in page.follow(subjects(page)[0]).text


def test_one_is_marked_read_by_its_button(browser_of, counting):
    reader = a_user("PM", "KEN")
    write(reader, 3)
    browser = browser_of(reader)
    page = browser.open("/notifications").press("Mark as read: Letter 2")
    assert page.response.history[0].status_code == 303
    assert page.messages == ["Marked as read: Letter 2"]
    assert [row[2] for row in page.rows(CAPTION)] == ["Unread", "Read", "Unread"]
    assert badge(page) == "2"
    row = db.session.scalars(select(Letter).where(Letter.subject == "Letter 2")).one()
    row.read_at = first = clock.ago(days=1)
    db.session.commit()
    token = page.soup.select_one("[name=csrf_token]")["value"]
    again = browser.request("POST", f"/notifications/{row.id}/read", data={"csrf_token": token})
    assert again.messages == ["Marked as read: Letter 2"], "a press in another window, where it is still unread"
    db.session.expire_all()
    assert row.read_at == first


def test_all_are_marked_read_but_what_came_meanwhile(browser_of, counting):
    reader, colleague = a_user("PM", "KEN"), a_user("PM", "KEN")
    write(reader, 35)
    write(colleague, 1)
    page = browser_of(reader).open("/notifications")
    queue(db.session(), to=reader, cause="late", kind="test", subject="Came meanwhile", body="")
    db.session.commit()
    page = page.press("Mark all as read")
    assert page.messages == ["All notifications are marked as read."]
    assert [row[2] for row in page.rows(CAPTION)] == ["Unread"] + ["Read"] * 29
    assert badge(page) == "1"
    assert badge(browser_of(colleague).open("/notifications")) == "1"
    page = page.press("Mark all as read")
    assert badge(page) is None and "Mark all as read" not in page.buttons


def test_older_ones_stand_on_further_pages_each_once(browser_of):
    reader = a_user("PM", "KEN")
    write(reader, 65)
    page = browser_of(reader).open("/notifications")
    seen = subjects(page)
    page = page.follow("Next page")
    queue(db.session(), to=reader, cause="late", kind="test", subject="Came meanwhile", body="")
    db.session.commit()
    seen += subjects(page)
    stayed = page.press(page.buttons[0])
    assert stayed.url == page.url, "one stays on the page where one marks"
    page = page.follow("Next page")
    seen += subjects(page)
    assert seen == [f"Letter {number}" for number in range(65, 0, -1)]
    assert "Next page" not in page.links
    assert subjects(page.follow("Previous page"))[0] == "Came meanwhile"


@pytest.mark.parametrize("before", ["x", "-1", "²", "1" * 40, "%00", "1.5"])
def test_a_page_that_is_none_shows_the_first_and_says_so(browser_of, before):
    reader = a_user("PM", "KEN")
    write(reader, 1)
    page = browser_of(reader).open(f"/notifications?before={before}")
    assert page.status == 200 and subjects(page) == ["Letter 1"]
    assert "This page of the list does not exist; the first is shown." in page.text


def test_the_end_of_the_list_says_so(browser_of):
    reader = a_user("PM", "KEN")
    number = write(reader, 1)
    assert "The list ends here." in browser_of(reader).open(f"/notifications?before={number}").text
    assert "Nothing yet" in browser_of(a_user("PM", "KEN")).open("/notifications").text


def test_nobody_marks_the_letters_of_others(browser_of):
    reader, stranger = a_user("PM", "KEN"), a_user("ADMIN")
    number = write(reader, 1)
    browser = browser_of(stranger)
    token = browser.open("/account").soup.select_one("[name=csrf_token]")["value"]
    for one in (number, 10**30, 2**63 - 1):
        assert browser.request("POST", f"/notifications/{one}/read", data={"csrf_token": token}).status == 404
    for newest in ("", "x", "9" * 18, "9" * 40):
        answer = browser.request("POST", "/notifications/read", data={"csrf_token": token, "newest": newest})
        assert answer.status == 200
    assert db.session.scalars(select(Letter.read_at).where(Letter.id == number)).one() is None


def test_a_link_to_a_new_password_is_not_shown(browser_of):
    reader, administrator = a_user("PM", "KEN"), a_user("ADMIN")
    actor = db.session.scalars(select(User).where(User.id == administrator.id).options(*with_rights())).one()
    accounts.send_password_link(reader, actor=actor)
    db.session.commit()
    page = browser_of(reader).open("/notifications")
    assert "new-password" not in page.html and "Nothing yet" in page.text and badge(page) is None


def test_a_subject_that_looks_like_markup_is_text(browser_of):
    reader = a_user("PM", "KEN")
    write(reader, 1, subject="<script>alert(1)</script> نزوح 🌍")
    page = browser_of(reader).open("/notifications").check()
    assert subjects(page) == ["<script>alert(1)</script> نزوح 🌍"]


def test_who_may_not_see_the_project_any_more_meets_nothing_behind_the_link(browser_of):
    reader = a_user("PDEV", "COL")
    project = a_project(developer=a_user("PDEV", "KEN"))
    write(reader, 1, subject="A draft of others", path=f"/projects/{project.reference}")
    assert browser_of(reader).open("/notifications").follow("A draft of others").status == 404


# -- the number beside the account ------------------------------------------------------------------------------------


def test_the_number_stands_on_every_page_and_is_counted_once_a_minute(browser_of, app, counting):
    reader = a_user("PM", "KEN")
    write(reader, 2)
    browser = browser_of(reader)
    page = browser.open("/handbook")
    assert badge(page) == "2"
    assert page.soup.select_one("a.unread")["href"] == "/notifications"
    queue(db.session(), to=reader, cause="late", kind="test", subject="Came meanwhile", body="")
    db.session.commit()
    assert badge(browser.open("/handbook")) == "2"
    row = db.session.scalars(select(SignIn).where(SignIn.user_id == reader.id)).one()
    row.desk_counted_at = clock.ago(seconds=61)
    db.session.commit()
    assert badge(browser.open("/handbook")) == "3"


def test_beyond_ninety_nine_it_is_not_counted(browser_of, counting):
    reader = a_user("PM", "KEN")
    write(reader, 130)
    assert badge(browser_of(reader).open("/handbook")) == "99+"


def test_the_list_asks_the_same_number_of_questions_for_one_letter_as_for_many(browser_of, questions):
    reader, busy = a_user("PM", "KEN"), a_user("PM", "KEN")
    write(reader, 1)
    write(busy, 120)
    counts = []
    for user in (reader, busy):
        browser = browser_of(user)
        questions.clear()
        assert browser.open("/notifications").status == 200
        counts.append(len(questions))
    assert counts[0] == counts[1] <= 6


def test_counting_is_done_by_the_index_of_unread_letters(app):
    reader = a_user("PM", "KEN")
    write(reader, 1)
    plan = "explain select id from letter where user_id = :id and read_at is null and kind != 'password link' limit 100"
    db.session.execute(text("set local enable_seqscan = off"))
    told = "\n".join(db.session.scalars(text(plan), {"id": reader.id}))
    assert "ix_letter_unread" in told, told
