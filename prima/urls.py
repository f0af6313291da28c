"""Addresses of pages: built once and remembered. A page leads to a hundred others, nearly always the same."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Flask, has_request_context, request

REMEMBERED = 16_384
PLAIN = {str, int, type(None)}
Key = tuple[str, str, str, str | None, tuple[tuple[str, str | int | None], ...]]


class Application(Flask):
    """Flask, whose url_for builds an address of this site once for the same values."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._remembered = lru_cache(REMEMBERED)(self._built)

    def url_for(self, /, endpoint: str, *, _anchor: str | None = None, **values: Any) -> str:
        """As Flask's. Whatever is more than a name with texts and numbers is built by Flask each time."""
        if endpoint[0] == "." or not has_request_context() or not all(type(one) in PLAIN for one in values.values()):
            return super().url_for(endpoint, _anchor=_anchor, **values)
        here = request._get_current_object()  # type: ignore[attr-defined]
        root = here.environ.get("SCRIPT_NAME", "")
        return self._remembered(endpoint, here.method, root, _anchor, tuple(values.items()))

    def _built(self, endpoint: str, _method: str, _root: str, anchor: str | None, values: Any) -> str:
        """`_method` and `_root` are of the request, and part of what is remembered: Flask looks at them too."""
        return super().url_for(endpoint, _anchor=anchor, **dict(values))
