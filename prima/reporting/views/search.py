"""The search: a box on every page; what it finds, and where in each project."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.wrappers import Response

from prima.permissions import Action, guard
from prima.projects.tones import TONES
from prima.reporting import portfolio
from prima.reporting.search import finding
from prima.reporting.search.finding import Place
from prima.reporting.search.matching import BEGINNING, MOST_WORDS, Term, terms_of
from prima.users import viewer
from prima.words import words_of

bp = Blueprint("search", __name__)
KINDS: dict[str, Any] = {
    "office": _l("Office"),
    "country": _l("Country"),
    "donor": _l("Donor"),
    "developer": _l("Project developer"),
    "manager": _l("Project manager"),
    "alternate": _l("Alternate project manager"),
    "summary": _l("Summary"),
    "indicator": _l("Indicator"),
    "lesson": _l("Lesson"),
}
"""What names and texts are of a project; a section has its own title."""
OWN = ("page", "all")
"""Parameters of this page beside the filters. `all`: also show the results when a project is called as was asked."""


@bp.get("/search")
@guard(Action.SIGNED_IN)
def show() -> str | Response:
    given = request.args.to_dict(flat=False)
    reading = portfolio.read(viewer(), {name: values for name, values in given.items() if name not in OWN})
    filters, warnings = reading.filters, list(reading.problems)
    terms = terms_of(filters.q)
    if terms and set(given) == {"q"} and (reference := finding.exact(viewer(), filters.q)):
        return straight_to(reference, filters.q)
    page = page_number(request.args.get("page", ""))
    if page is None:
        warnings.append(_("There is no such page of results; here is the first."))
    found = finding.find(viewer(), filters, page or 1) if terms else None
    missed = finding.missed(viewer(), filters.q) if found else ""
    return render_template(
        "reporting/search.html",
        reading=reading,
        filters=filters,
        labels=portfolio.LABELS,
        warnings=[("warning", sentence) for sentence in warnings],
        notes=notes(terms, filters.q),
        asked=bool(filters.q),
        found=found,
        missed=missed,
        near=finding.near(viewer(), filters.q) if missed else (),
        most=finding.MOST,
        shown=finding.SHOWN,
        kinds=KINDS,
        link=link,
        address=lambda **more: url_for("search.show", all=portfolio.YES, **filters.args(**more)),
        tones=TONES,
    )


def straight_to(reference: str, q: str) -> Response:
    """The project that is called so; its page tells where the other results are."""
    sentence = _("This project is called as you asked.")
    every = url_for("search.show", q=q, all=portfolio.YES)
    flash(Markup('{} <a href="{}">{}</a>').format(sentence, every, _("All results of the search")), "info")
    return redirect(url_for("projects.show", reference=reference))


def page_number(text: str) -> int | None:
    """The first page where none is asked for; None where the number is none."""
    if not text.strip():
        return 1
    most = -(-finding.SHOWN // finding.SIZE)
    return int(text) if text in {str(number) for number in range(1, most + 1)} else None


def notes(terms: list[Term], q: str) -> list[str]:
    """What one should know of how the words were looked for."""
    found = []
    short = [term.word for term in terms if not term.begins]
    if short:
        found.append(
            _(
                "Words of fewer than %(letters)s letters are found whole only: %(words)s.",
                letters=BEGINNING,
                words=", ".join(short),
            )
        )
    if len(words_of(q)) > MOST_WORDS:
        found.append(_("Only the first %(most)s words were looked for.", most=MOST_WORDS))
    return found


def link(reference: str, place: Place) -> str:
    """Where the words stand."""
    match place.kind:
        case "section" if place.code:
            return url_for("sections.edit", reference=reference, code=place.code)
        case "section":
            return url_for("proposal.show", reference=reference)
        case "indicator":
            return url_for("matrix.edit", reference=reference, _anchor=f"indicator-{place.id}")
        case "lesson":
            return url_for("library.show", lesson=place.id)
    return url_for("projects.show", reference=reference)
