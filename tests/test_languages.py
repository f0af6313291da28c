"""Letters in the language of whoever reads them, from the cause to the mail server; pages stay English."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from prima import clock, mail
from prima.db import db
from prima.languages import speaking, words
from prima.outbox import Letter, queue
from prima.people import accounts
from prima.reporting import reminders
from tests.conftest import TODAY
from tests.factories import a_deadline, a_user, an_active_project
from tests.inbox import an_inbox


@pytest.fixture
def post(app, tmp_path):
    with an_inbox() as inbox:
        yield mail.Post(inbox.url, "PRIMA <prima@prima.example>", "https://prima.example", tmp_path), inbox


def read(message):
    """Subject and text as they arrive; a no-break space is a blank."""
    body = message.get_body(("plain",)).get_content()
    return (message["Subject"] + "\n" + body).replace("\u00a0", " ").replace("\r\n", "\n")


def test_a_reminder_is_in_the_language_of_each_who_gets_it(post):
    """As the scheduler writes it: no request stands behind it."""
    settings, inbox = post
    manager = a_user("PM", "KEN", locale="fr")
    officers = [a_user("RPDO", "NBO", locale=locale) for locale in ("es", "en", "de")]
    a_deadline(an_active_project(manager), due_on=date(2016, 9, 24))
    db.session.commit()
    reminders.remind(db.session(), TODAY)
    db.session.commit()
    mail.send_waiting(db.session(), settings)
    [french] = map(read, inbox.of(manager.email))
    spanish, english, other = (read(inbox.of(one.email)[0]) for one in officers)
    assert "7 jours de retard, échéance le 24 sept. 2016" in french
    assert "Avant de pouvoir le soumettre, il manque encore :" in french
    assert "PRIMA envoie cette lettre automatiquement ; veuillez ne pas y répondre." in french
    assert "7 días de retraso, venció el 24 sept 2016" in spanish
    assert "7 days late, it was due on 24 Sep 2016" in english
    assert "7 days late" in other, "in English, where nobody writes letters in a language"
    html = inbox.of(manager.email)[0].get_body(("html",)).get_content()
    assert '<html lang="fr">' in html


def test_a_letter_that_somebody_english_causes_is_in_the_reader_s_language(browser_of, post):
    settings, inbox = post
    manager, alternate = a_user("PM", "KEN", locale="fr"), a_user("APM", "KEN", locale="es")
    project = an_active_project(manager, alternate=alternate)
    deadline = a_deadline(project, due_on=TODAY + timedelta(days=20))
    page = browser_of(a_user("FUND")).open(f"/projects/{project.reference}/deadlines/{deadline.id}/move")
    page.fill("New due date", "2016-12-24").fill("Reason", "Floods closed the roads.").press("Move the due date")
    mail.send_waiting(db.session(), settings)
    [french], [spanish] = (list(map(read, inbox.of(one.email))) for one in (manager, alternate))
    assert french.startswith(f"{project.name} : nouvelle échéance le 24 déc. 2016 (")
    assert "passe du 21 oct. 2016 au 24 déc. 2016.\n\nMotif : Floods closed the roads." in french
    assert "pasa del 21 oct 2016 al 24 dic 2016.\n\nMotivo: Floods closed the roads." in spanish
    page = browser_of(manager).open("/notifications").check()
    assert page.heading == "Notifications", "pages are English"
    assert page.rows("Notifications")[0][0].startswith(project.name) and "nouvelle échéance" in page.text


def test_an_account_letter_is_in_the_language_of_the_account(app):
    person = a_user("PDEV", "KEN", locale="es")
    version = accounts.version_of(person)
    accounts.change_user(person, actor=None, email="nueva@prima.example", name="N", staff=True, version=version)
    letter = db.session.query(Letter).one()
    assert letter.subject == "Su dirección de correo electrónico en PRIMA ha cambiado" and letter.locale == "es"
    assert "a nueva@prima.example. Si usted no lo pidió" in letter.body


def test_a_letter_held_up_says_the_day_of_the_reader(post, monkeypatch):
    settings, inbox = post
    reader = a_user("COM", "KEN", locale="fr", time_zone="Pacific/Auckland")
    written = clock.now().replace(hour=20, minute=0)
    monkeypatch.setattr(clock, "now", lambda: written)
    queue(db.session(), to=reader, cause="c", kind="desk", subject="S", body="B")
    db.session.commit()
    monkeypatch.setattr(clock, "now", lambda: written.replace(day=written.day + 3))
    mail.send_waiting(db.session(), settings)
    assert "Cette lettre a été écrite le 2 oct. 2016" in read(inbox.of(reader.email)[0])


def test_words_are_composed_once_a_language(app):
    asked = []

    def compose(name):
        asked.append(name)
        return f"Subject {len(asked)}", "Body"

    subject, body = words(compose, "it")
    for language in ("fr", "es", "fr", "en", "es"):
        with speaking(language):
            assert str(subject).startswith("Subject") and str(body) == "Body"
    assert asked == ["it"] * 3


def test_a_letter_to_an_address_without_account_is_english(app):
    queue(db.session(), to="oversight@prima.example", cause="c", kind="anchor", subject="S", body="B")
    assert db.session.query(Letter).one().locale == "en"
