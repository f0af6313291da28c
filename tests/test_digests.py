"""Letters as their reader wants them: at once, in digests on the reader's morning, or in PRIMA alone. None is lost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text

from prima import clock, digests, mail, postmaster, zones
from prima.db import db
from prima.errors import Invalid, Refused
from prima.jobs import headings, write_digests
from prima.journal import Entry
from prima.letters import FREE, TOPICS, Way
from prima.outbox import Letter, LetterState, queue
from prima.people import notifications, wishes
from prima.reporting import reminders
from prima.reporting.models import Deadline
from tests.conftest import make_app
from tests.factories import a_deadline, a_project, a_user, an_active_project
from tests.inbox import an_inbox

S = LetterState
RULES = digests.Rules(7, "https://prima.example")
TUESDAY = datetime(2016, 10, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def at(app, monkeypatch):
    """Set the clock to a moment."""

    def move(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    move(TUESDAY)
    return move


@pytest.fixture
def inbox():
    with an_inbox() as made:
        yield made


@pytest.fixture
def post(app, inbox, tmp_path):
    return mail.Post(inbox.url, "PRIMA <prima@prima.example>", "https://prima.example", tmp_path)


def a_reader(zone="UTC", language="en", role=("COM", "KEN"), **ways):
    reader = a_user(*role)
    choose(reader, zone=zone, language=language, **ways)
    return reader


def choose(reader, zone="UTC", language="en", **ways):
    chosen = {topic: Way(way) for topic, way in ways.items()}
    wishes.choose(reader, actor=reader, chosen=chosen, language=language, time_zone=zone)
    db.session.commit()


def write(reader, number=1, kind="comment", **more):
    values = {"cause": f"c:{number}", "subject": f"Comment {number}", "body": f"Text {number}", **more}
    assert queue(db.session(), to=reader, kind=kind, **values)
    db.session.commit()


def gather():
    return digests.gather(db.session(), RULES, headings)


def states(reader):
    db.session.expire_all()
    own = Letter.user_id == reader.id
    return [one.state for one in db.session.scalars(select(Letter).where(own).order_by(Letter.id))]


def the_digests(reader):
    found = select(Letter).where(Letter.user_id == reader.id, Letter.kind.startswith("digest:")).order_by(Letter.id)
    return db.session.scalars(found).all()


def test_a_daily_digest_carries_what_waits_in_one_mail_grouped_by_project(at, post, inbox):
    reader = a_reader(comments="daily")
    project = a_project(title="Safe roads", developer=reader)
    write(reader, 1, path=f"/projects/{project.reference}/comments")
    write(reader, 2)
    write(reader, 3, path=f"/projects/{project.reference}/comments", subject="Comment\non 3")
    assert states(reader) == [S.HELD] * 3
    assert mail.send_waiting(db.session(), post).sent == 0
    assert gather() == 0, "it is not seven in the morning again before tomorrow"
    at(TUESDAY + timedelta(days=1))
    assert gather() == 1
    assert states(reader) == [S.CARRIED] * 3 + [S.WAITING]
    assert mail.send_waiting(db.session(), post).sent == 1
    [(recipient, message)] = inbox.taken
    assert recipient == reader.email and message["Subject"] == "PRIMA, 5 Oct 2016: 3 letters for you"
    plain = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    link = f"https://prima.example/projects/{project.reference}/comments"
    assert f"{project.reference}, Safe roads:\n\n- Comment 1 (4 Oct 2016, 09:30)\n{link}\n\n- Comment on 3" in plain
    assert plain.index("Not about a project:\n\n- Comment 2") > plain.index("Comment on 3")
    assert "Text 1" not in plain and "https://prima.example/account/letters" in plain
    html = message.get_body(("html",)).get_content()
    assert f'<a href="{link}">{link}</a>' in html
    assert gather() == 0, "what was carried is carried once"


def test_a_project_that_the_reader_sees_no_more_is_named_by_its_reference_alone(at):
    reader = a_reader(comments="daily")
    project = a_project(title="Secret of another office", office_code="ETH")
    write(reader, path=f"/projects/{project.reference}/comments")
    at(TUESDAY + timedelta(days=1))
    assert gather() == 1
    assert f"{project.reference}:" in the_digests(reader)[0].body
    assert "Secret" not in the_digests(reader)[0].body


def test_a_weekly_digest_comes_on_monday_at_the_hour_of_the_place(at):
    reader = a_reader("Asia/Tokyo", comments="weekly")
    write(reader)
    for hours in range(0, 24 * 14, 6):
        at(TUESDAY + timedelta(hours=hours))
        if gather():
            break
    assert clock.now() == datetime(2016, 10, 10, 3, 30, tzinfo=UTC), "the first look after Sunday, 22:00 UTC"
    [digest] = the_digests(reader)
    assert digest.due_on == date(2016, 10, 10) and digest.kind == "digest:weekly"
    assert "4 Oct 2016, 18:30" in digest.body, "moments are the reader's"


def test_after_a_week_without_a_scheduler_there_is_one_digest(at):
    reader = a_reader(comments="daily")
    for number in range(7):
        at(TUESDAY + timedelta(days=number))
        write(reader, number)
    at(TUESDAY + timedelta(days=7, hours=3))
    assert gather() == 1
    assert len(the_digests(reader)) == 1 and the_digests(reader)[0].subject.endswith("7 letters for you")
    assert gather() == 0


def test_two_schedulers_and_a_killed_one_write_one_digest(at, monkeypatch):
    reader = a_reader(comments="daily")
    write(reader)
    at(TUESDAY + timedelta(days=1))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(db.session(), "expire_all", killed)
        with pytest.raises(KeyboardInterrupt):
            gather()
    db.session.rollback()
    assert states(reader) == [S.HELD], "what was half done is undone"
    assert gather() == 1
    write(reader, 2)
    db.session.execute(text("update letter set queued_at = :then where state = 'held'"), {"then": TUESDAY})
    db.session.commit()
    assert gather() == 0, "what was written late in a long transaction waits for the next morning"
    assert states(reader) == [S.CARRIED, S.WAITING, S.HELD]
    at(TUESDAY + timedelta(days=2))
    assert gather() == 1


def test_who_changes_back_gets_what_waits_at_the_next_run(at, post, inbox):
    reader = a_reader(comments="weekly", desk="daily")
    write(reader)
    write(reader, 2, kind="desk")
    choose(reader, comments="at_once")
    assert states(reader) == [S.WAITING, S.HELD]
    assert mail.send_waiting(db.session(), post).sent == 1
    assert inbox.taken[0][1]["Subject"] == "Comment 1"


def test_what_waits_moves_with_its_reader_between_digests_and_out_of_mail(at):
    reader = a_reader(comments="weekly")
    write(reader)
    choose(reader, comments="daily")
    at(TUESDAY + timedelta(days=1))
    assert gather() == 1 and the_digests(reader)[0].kind == "digest:daily"
    write(reader, 2)
    choose(reader, comments="never")
    assert states(reader)[-1] is S.KEPT
    write(reader, 3)
    assert states(reader)[-1] is S.KEPT, "it stands in PRIMA alone"
    assert [one.subject for one in notifications.listed(reader)[0]] == ["Comment 3", "Comment 2", "Comment 1"]


def test_what_was_read_in_prima_drops_out_and_an_empty_digest_is_none(at):
    reader = a_reader(comments="daily")
    write(reader)
    write(reader, 2)
    assert notifications.count_unread(None, reader) == 2, "notifications know it at once"
    notifications.mark_read(db.session.scalars(select(Letter).where(Letter.subject == "Comment 1")).one())
    db.session.commit()
    at(TUESDAY + timedelta(days=1))
    assert gather() == 1
    assert "Comment 1" not in the_digests(reader)[0].body
    assert states(reader)[0] is S.KEPT
    write(reader, 3)
    notifications.mark_all_read(reader, up_to=10**6)
    at(TUESDAY + timedelta(days=2))
    assert gather() == 0


def test_a_digest_is_no_notification_and_a_closed_account_gets_none(at):
    reader, gone = a_reader(comments="daily"), a_reader(comments="daily")
    write(reader)
    write(gone, cause="c:9")
    gone.active = False
    db.session.commit()
    at(TUESDAY + timedelta(days=1))
    assert gather() == 1
    assert [one.subject for one in notifications.listed(reader)[0]] == ["Comment 1"]
    assert states(gone) == [S.KEPT]


def test_copies_of_reminders_wait_and_what_one_owes_does_not(at):
    manager = a_user("PM", "KEN")
    officer = a_reader(role=("RPDO", "NBO"), copies="weekly")
    project = an_active_project(manager)
    a_deadline(project, due_on=date(2016, 9, 27))
    db.session.commit()
    reminders.remind(db.session(), TUESDAY.date())
    db.session.commit()
    assert states(officer) == [S.HELD] and states(manager) == [S.WAITING]
    reminders.remind(db.session(), date(2016, 10, 11))
    db.session.commit()
    assert states(officer) == [S.REPLACED, S.HELD], "the later step stands for the earlier"
    db.session.execute(text("update deadline set is_open = false"))
    at(datetime(2016, 10, 17, 8, tzinfo=UTC))
    reminders.drop_settled(db.session())
    assert states(officer)[-1] is S.REPLACED and gather() == 0, "nobody hears of what has been handed in"


def test_a_copy_whose_deadline_moved_is_outdated_and_one_that_stands_is_not(at):
    officer = a_reader(role=("RPDO", "NBO"), copies="weekly")
    project = an_active_project(a_user("PM", "KEN"))
    moved = a_deadline(project, due_on=date(2016, 9, 27))
    a_deadline(project, due_on=date(2016, 9, 26), kind="IFR")
    db.session.commit()
    reminders.remind(db.session(), TUESDAY.date())
    db.session.get_one(Deadline, moved.id).due_on = date(2016, 12, 1)
    db.session.commit()
    reminders.drop_settled(db.session())
    assert sorted(states(officer)) == [S.HELD, S.REPLACED]


@pytest.mark.parametrize(
    ("zone", "day", "hour", "moment"),
    [
        ("Africa/Nairobi", "2016-10-01", 7, "2016-10-01T04:00Z"),
        ("Europe/Berlin", "2016-03-27", 2, "2016-03-27T01:00Z"),  # the clocks leave this hour out: 03:00 there
        ("Europe/Berlin", "2016-10-30", 2, "2016-10-30T00:00Z"),  # it comes twice: the first
        ("America/Santiago", "2019-09-08", 0, "2019-09-08T04:00Z"),  # the day begins at one
        ("Australia/Lord_Howe", "2016-10-02", 2, "2016-10-01T15:30Z"),  # half an hour is left out
    ],
)
def test_every_local_day_has_one_morning(zone, day, hour, moment):
    found = zones.morning(date.fromisoformat(day), zone, hour)
    assert found == datetime.fromisoformat(moment)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Santiago", "Pacific/Apia", "Asia/Kathmandu"])
@pytest.mark.parametrize("hour", [0, 2, 7])
def test_through_a_year_with_changes_of_the_clock_each_day_has_its_digest(zone, hour):
    """Looked every twenty minutes, the slot goes on day by day, and never back."""
    now, seen = datetime(2011, 12, 20, tzinfo=UTC), []
    while now < datetime(2012, 1, 10, tzinfo=UTC):
        seen.append(digests.slot(Way.DAILY, zone, now, hour))
        now += timedelta(minutes=20)
    for moment in (datetime(2016, 3, 27, tzinfo=UTC), datetime(2016, 10, 30, tzinfo=UTC)):
        seen += [digests.slot(Way.DAILY, zone, moment + timedelta(minutes=m), hour) for m in range(0, 1500, 20)]
    days = list(dict.fromkeys(on for on, _ in seen))
    assert days == sorted(days) and [at for _, at in seen] == sorted(at for _, at in seen)


def test_the_zone_is_the_chosen_one_else_that_of_the_office(app):
    def zone(person):
        return db.session.scalar(select(zones.of_reader(person.id)))

    assert zone(a_user("COM", "ETH")) == "Africa/Addis_Ababa"
    assert zone(a_user("RD", "NBO")) == "Africa/Nairobi"
    assert zone(a_user("FUND")) == "Europe/Zurich"
    assert zone(a_user()) == "UTC"
    assert zone(a_user("COM", "ETH", time_zone="Asia/Tokyo")) == "Asia/Tokyo"
    assert zones.known("Atlantis/Capital") == "UTC"


def test_an_address_that_changes_takes_what_waits_along(at):
    reader = a_reader(comments="daily")
    write(reader)
    postmaster.readdress(db.session(), reader, "new@prima.example")
    assert db.session.scalars(select(Letter.recipient).where(Letter.state == S.HELD)).one() == "new@prima.example"


def test_purging_takes_digests_and_what_they_carried_and_leaves_what_waits(at):
    reader = a_reader(comments="daily", desk="weekly")
    write(reader)
    write(reader, 2, kind="desk")
    write(reader, 3, due_on=date(2016, 10, 4))
    at(TUESDAY + timedelta(days=1))
    assert gather() == 1
    db.session.execute(text("update letter set state = 'sent', sent_at = queued_at where kind = 'digest:daily'"))
    assert postmaster.purge(db.session(), TUESDAY + timedelta(days=2)) == (2, 1)
    assert states(reader) == [S.HELD, S.CARRIED]


def test_the_operator_sees_what_waits_for_digests(app, at):
    reader = a_reader(comments="daily")
    write(reader)
    told = app.test_cli_runner().invoke(args=["outbox", "list"]).output
    assert "\theld\t" in told and reader.email in told


def test_the_job_says_how_many_it_wrote(app, at):
    reader = a_reader(comments="daily")
    write(reader)
    at(TUESDAY + timedelta(days=1))
    assert write_digests(db.session(), lambda: False) == "1 digests queued"
    write(reader, 2)
    at(TUESDAY + timedelta(days=2))
    assert write_digests(db.session(), lambda: True) == "0 digests queued", "asked to stop, it stops"


def test_a_very_long_digest_names_some_and_carries_all(at, monkeypatch):
    monkeypatch.setattr(digests, "AT_MOST", 2)
    reader = a_reader(comments="daily")
    for number in range(5):
        write(reader, number)
    at(TUESDAY + timedelta(days=1))
    assert gather() == 1
    body = the_digests(reader)[0].body
    assert body.count("- Comment") == 2 and "3 more letters stand in PRIMA." in body
    assert states(reader) == [S.CARRIED] * 5 + [S.WAITING]


# -- the page ---------------------------------------------------------------------------------------------------------


def test_somebody_chooses_and_it_holds(browser_of):
    reader = a_user("COM", "KEN")
    page = browser_of(reader).open("/account").follow("Choose which come at once or in a digest, and in which language")
    page.check()
    assert page.value("Time zone") == "That of my office: Africa/Nairobi"
    assert page.value("At once", within="Comments on your proposals") is True
    page.fill("In a daily digest", True, within="Comments on your proposals")
    page.fill("In a weekly digest", True, within="What arrives on your desk")
    page.fill("Language of your letters", "Français").fill("Time zone", "Africa/Kampala")
    page = page.press("Save").check()
    assert page.messages == ["Saved. From now on your letters come as you chose."]
    assert page.value("In a daily digest", within="Comments on your proposals") is True
    found = wishes.ways(reader)
    assert (found["comments"], found["desk"], found["changes"]) == (Way.DAILY, Way.WEEKLY, Way.AT_ONCE)
    db.session.refresh(reader)
    assert (reader.locale, reader.time_zone) == ("fr", "Africa/Kampala")
    entry = db.session.scalars(select(Entry).where(Entry.event == "letters chosen")).one()
    chosen = {"comments": "daily", "desk": "weekly", "language": "fr", "time_zone": "Africa/Kampala"}
    assert entry.data["after"] == chosen
    assert page.heading == "How letters come to me", "pages stay English"
    page.press("Save")
    assert len(db.session.scalars(select(Entry).where(Entry.event == "letters chosen")).all()) == 1, "nothing changed"


def test_duties_and_account_letters_are_shown_and_cannot_be_put_off(browser_of):
    page = browser_of(a_user("ADMIN")).open("/account/letters")
    for topic in (one for one in TOPICS if not one.is_free):
        group = page.soup.find(id=topic.code)
        assert group.has_attr("disabled") and "Always at once" in group.get_text()
        assert str(topic.why) in group.get_text()
        assert [one["value"] for one in group.select("input[checked]")] == ["at_once"]


def test_what_only_administrators_are_written_is_shown_to_nobody_else(browser_of):
    page = browser_of(a_user("PM", "KEN")).open("/account/letters")
    assert page.soup.find(id="duties") and not page.soup.find(id="system")


def test_the_page_says_how_many_letters_wait(browser_of):
    reader = a_reader(comments="daily")
    write(reader)
    page = browser_of(reader).open("/account/letters")
    assert "1 letter waits for your next digest." in page.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("comments", "yearly"), ("comments", ""), ("comments", "\0"), ("desk", "never"), ("language", "tlh"),
        ("language", "x" * 1_000_000), ("time_zone", "Atlantis/Capital"), ("time_zone", "\u202e🦓"),
    ],
)  # fmt: skip
def test_what_no_page_offers_is_refused_at_its_field(browser_of, field, value):
    reader = a_user("COM", "KEN")
    page = browser_of(reader).open("/account/letters")
    token = page.soup.find("input", {"name": "csrf_token"})["value"]
    data = {**dict.fromkeys(FREE, "daily"), "language": "es", "time_zone": "", "csrf_token": token, field: value}
    page = page.browser.request("POST", "/account/letters", data=data)
    assert page.status == 422 and page.errors
    assert page.value("In a daily digest", within="Searches and exports") is True, "what was chosen stays"
    assert set(wishes.ways(reader).values()) == {Way.AT_ONCE}


def test_a_duty_that_is_sent_along_is_not_heard(browser_of):
    reader = a_user("PM", "KEN")
    page = browser_of(reader).open("/account/letters")
    token = page.soup.find("input", {"name": "csrf_token"})["value"]
    data = {**dict.fromkeys(FREE, "daily"), "duties": "never", "language": "en", "time_zone": "", "csrf_token": token}
    assert page.browser.request("POST", "/account/letters", data=data).status in (200, 303)
    write(reader, kind="remind:day")
    assert states(reader) == [S.WAITING]


def test_only_oneself_chooses_and_only_what_there_is(app):
    reader, other = a_user("COM", "KEN"), a_user("ADMIN")
    right = {"chosen": {}, "language": "en", "time_zone": ""}
    with pytest.raises(Refused):
        wishes.choose(reader, actor=other, **right)
    for wrong in ({"chosen": {"duties": Way.NEVER}}, {"language": "de"}, {"time_zone": "Nowhere"}):
        with pytest.raises(Invalid):
            wishes.choose(reader, actor=reader, **{**right, **wrong})


# -- the tables -------------------------------------------------------------------------------------------------------


def test_the_way_back_sends_what_waits(databases):
    app = make_app(databases("prima_digests"))
    with app.app_context():
        upgrade(revision="0008")
        db.session.execute(
            text(
                "insert into letter (cause, kind, recipient, subject, body, path, state, queued_at, next_try_at, tries,"
                " problem) select 'c', state, 'a@prima.example', 'S', 'B', '', state, now(), now(), 0, ''"
                " from unnest(array['held', 'carried', 'kept', 'sent']) as state"
            )
        )
        db.session.commit()
        downgrade(revision="0007")
        rows = db.session.execute(text("select kind, state from letter")).all()
        db.session.rollback()
        assert dict(map(tuple, rows)) == {"held": "waiting", "carried": "replaced", "kept": "replaced", "sent": "sent"}
        upgrade(revision="0008")
        assert db.session.execute(text("select distinct topic, locale from letter")).all() == [("", "en")]
        db.session.remove()
        db.engine.dispose()
