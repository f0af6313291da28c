"""What is done in the endorsement: one verb, one function; none commits, none knows of a request."""

from prima.endorsement.operations.clearances import Typed, give, save_draft, take_back
from prima.endorsement.operations.decisions import decide, move_retained, name_clearer
from prima.endorsement.operations.recalls import no_recall, recall
from prima.endorsement.operations.rounds import submit

__all__ = [
    "Typed",
    "decide",
    "give",
    "move_retained",
    "name_clearer",
    "no_recall",
    "recall",
    "save_draft",
    "submit",
    "take_back",
]
