"""What is done in the endorsement: one verb, one function; none commits, none knows of a request."""

from prima.endorsement.operations.claims import claim, hand_over, release
from prima.endorsement.operations.clearances import Typed, give, save_draft, take_back
from prima.endorsement.operations.decisions import decide, name_clearer
from prima.endorsement.operations.rounds import submit

__all__ = [
    "Typed",
    "claim",
    "decide",
    "give",
    "hand_over",
    "name_clearer",
    "release",
    "save_draft",
    "submit",
    "take_back",
]
