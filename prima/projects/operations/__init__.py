"""What is done to a project: one verb, one function; none commits, none knows of a request."""

from prima.projects.operations.moves import advance, number, take, take_part, toggle_bookmark

__all__ = ["advance", "number", "take", "take_part", "toggle_bookmark"]
