"""What PRIMA writes letters about, as a table: which kinds there are, and how each may reach its reader."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l


class Way(StrEnum):
    """How letters about something reach somebody."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"
    """Not by mail; they stand among the notifications."""


WAYS = {
    Way.AT_ONCE: _l("At once"),
    Way.DAILY: _l("In a daily digest"),
    Way.WEEKLY: _l("In a weekly digest"),
    Way.NEVER: _l("Not by mail"),
}
DIGESTS = (Way.DAILY, Way.WEEKLY)
ALWAYS = (Way.AT_ONCE,)
PUT_OFF = (Way.AT_ONCE, *DIGESTS)
ANY = (*PUT_OFF, Way.NEVER)


@dataclass(frozen=True)
class Topic:
    """What some kinds of letters are about.

    `kinds` are those of `Letter.kind`; one that ends in a colon or a blank stands for all that begin so.
    """

    code: str
    name: Any
    says: Any
    kinds: tuple[str, ...]
    ways: tuple[Way, ...] = PUT_OFF
    default: Way = Way.AT_ONCE
    why: Any = ""
    """Why its letters always come at once, where they do."""

    @property
    def is_free(self) -> bool:
        """Whether its reader may choose."""
        return len(self.ways) > 1


DESK, COPIES = "desk", "copies"
"""Topics that senders name, where the kind of the letter alone does not tell."""
SETTINGS_PATH = "/account/letters"
"""Where people choose."""

# fmt: off
TOPICS = (
    Topic("duties", _l("What you owe"),
          _l("Reminders of your reports, requests, milestones and recommendations, reports and changes returned to "
             "you, and being named as manager, evaluator or owner."),
          ("remind:", "appointed:", "evaluator:", "owner:", "evaluation received", "asked", "report:return",
           "change:return", "change:changes"),
          ways=ALWAYS, why=_l("A reminder that comes late is none: what you owe is always written to you at once.")),
    Topic(DESK, _l("What arrives on your desk"),
          _l("Proposals, reports and changes that wait for your review or decision, and what colleagues hand over."),
          ("desk", "nobody")),
    Topic("decisions", _l("Decisions on what you wrote"),
          _l("Clearances, returns and decisions on your proposals; reports of yours that were accepted; recalls."),
          ("decision", "recalled", "report:")),
    Topic("comments", _l("Comments on your proposals"),
          _l("What reviewers say of sections of a proposal that you develop."),
          ("comment",), ways=ANY),
    Topic("changes", _l("Changes of your projects"),
          _l("Extensions, budget revisions and other changes decided, due dates moved, and projects suspended, "
             "resumed, cancelled or closed."),
          ("change:", "moved:", "suspended:", "resumed:", "cancelled", "closed:")),
    Topic(COPIES, _l("Copies of reminders"),
          _l("What others owe in your region or to the Fund, copied to you."),
          (), ways=ANY),
    Topic("summaries", _l("Searches and exports"),
          _l("What your saved searches find each week, and exports that you asked for and that are ready."),
          ("summary:", "export"), ways=ANY),
    Topic("system", _l("How PRIMA runs"),
          _l("What administrators must have mended: totals that are not those of the projects."),
          ("totals",),
          ways=ALWAYS, why=_l("What is wrong must be mended soon, so it is always written to administrators at once.")),
    Topic("account", _l("Your account"),
          _l("Links to choose a password, and changes of your address."),
          ("password link", "address changed "),
          ways=ALWAYS, why=_l("These protect your account, so they are always written to you at once.")),
)
TO_NOBODY = (
    Topic("digests", _l("Digests"), "", ("digest:",), ways=ALWAYS),
    Topic("oversight", _l("Oversight of the journal"), "", ("anchor",), ways=ALWAYS),
)
"""What nobody chooses: the digests themselves, and letters to addresses of the installation's settings."""
# fmt: on
OF_ADMINISTRATORS = next(one for one in (*TOPICS, *TO_NOBODY) if one.code == "system")
"""What nobody else is ever written."""
FREE = {one.code: one for one in TOPICS if one.is_free}
_BY_KIND = {kind: one for one in (*TOPICS, *TO_NOBODY) for kind in one.kinds}
_BEGINNINGS = [kind for kind in _BY_KIND if kind[-1] in ": "]


def topic_of(kind: str) -> str:
    """The code of what a kind of letter is about; nothing for a kind that stands in no table, which goes at once."""
    if kind in _BY_KIND:
        return _BY_KIND[kind].code
    beginnings = [one for one in _BEGINNINGS if kind.startswith(one)]
    return _BY_KIND[max(beginnings, key=len)].code if beginnings else ""
