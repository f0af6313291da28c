"""What submitting needs of the comments: each that was made from outside the team has its answer."""

from __future__ import annotations

from typing import Any

from flask_babel import ngettext

from prima.workflow import Need


def answers(project: Any) -> list[Need]:
    waiting = [one for one in project.comments if one.is_unanswered]
    if not waiting:
        return []
    says = ngettext("%(num)s comment is not answered", "%(num)s comments are not answered", len(waiting))
    return [Need(says, "comments.index", f"comment-{waiting[0].id}")]
