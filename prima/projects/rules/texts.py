"""What the written sections still need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from prima.handbook.edition import Edition
from prima.projects.rules.facts import count_words
from prima.workflow import Need


def sections(project: Any, edition: Edition) -> Iterator[Need]:
    texts = {section.code: section.text for section in project.sections}
    for section in edition.sections_for(project.funding, project.facts):
        if section.kind != "text":
            continue
        where = (("code", section.code.lower()),)
        words = count_words(texts.get(section.code, ""))
        if not words:
            yield Need(_("the section “%(title)s”", title=section.title.say()), "sections.edit", "text", where)
        elif section.words and words > section.words:
            over = words - section.words
            yield Need(
                ngettext(
                    "the section “%(title)s” shortened by %(num)s word",
                    "the section “%(title)s” shortened by %(num)s words",
                    over,
                    title=section.title.say(),
                ),
                "sections.edit",
                "text",
                where,
            )
