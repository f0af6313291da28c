"""Letters in the language of whoever reads them, from the cause to the mail server; pages stay English."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from jinja2 import Environment

from prima import clock, mail
from prima.config import ROOT
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


SAID = (
    ("{{ _('Sign in') }} {{ _('%(who)s & 100%%', who=name) }} {{ ngettext('%(num)s day', '%(num)s days', 2) }}"),
    ("{{ _('100%%') }}{{ _('<b>ours</b>') }}{{ ngettext('one', 'many', 1) }}{{ gettext('Sign in') }}"),
)


@pytest.mark.parametrize("text", SAID)
@pytest.mark.parametrize("escaped", [True, False])
def test_templates_say_what_those_of_jinja_say(app, text, escaped):
    """Ours remember words; they are compared with the extension's own."""
    theirs = Environment(extensions=["jinja2.ext.i18n"], autoescape=escaped)
    theirs.install_gettext_callables(str, lambda one, many, number: one if number == 1 else many, newstyle=True)
    ours = app.jinja_env.overlay(autoescape=escaped)
    expected = theirs.from_string(text).render(name="<i>x</i>")
    assert [ours.from_string(text).render(name="<i>x</i>") for _time in range(2)] == [expected] * 2


def test_who_speaks_another_language_meanwhile_leaves_the_first_as_it_was(app):
    day, number = date(2016, 10, 1), 12345
    said = "{{ ngettext('%(num)s day late', '%(num)s days late', 2) }}, {{ day|day }}, {{ number|money }}"
    page = app.jinja_env.from_string(said)
    english = page.render(day=day, number=number)
    with speaking("fr"):
        french = page.render(day=day, number=number)
        with speaking("es"):
            spanish = page.render(day=day, number=number)
        assert page.render(day=day, number=number) == french
    assert page.render(day=day, number=number) == english == "2 days late, 1 Oct 2016, 12,345"
    assert french == "2 jours de retard, 1 oct. 2016, 12\u202f345" and spanish.startswith("2 días de retraso")


def test_only_the_language_module_forces_a_language():
    files = [file for file in (ROOT / "prima").rglob("*.py") if "force_locale" in file.read_text(encoding="utf-8")]
    assert [file.name for file in files] == ["languages.py"]
