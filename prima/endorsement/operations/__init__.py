"""What is done in the endorsement: one verb, one function; none commits, none knows of a request."""

from prima.endorsement.operations.claims import claim, hand_over, release
from prima.endorsement.operations.clearances import Typed, give, save_draft, take_back
from prima.endorsement.operations.decisions import decide, move_retained, name_clearer
from prima.endorsement.operations.recalls import no_recall, recall
from prima.endorsement.operations.remarks import discard_comment, draft_comment, mark_read, reword_comment
from prima.endorsement.operations.rounds import submit

__all__ = [
    "Typed",
    "claim",
    "decide",
    "discard_comment",
    "draft_comment",
    "give",
    "hand_over",
    "mark_read",
    "move_retained",
    "name_clearer",
    "no_recall",
    "recall",
    "release",
    "reword_comment",
    "save_draft",
    "submit",
    "take_back",
]
