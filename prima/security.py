"""What every answer carries: the content policy, no sniffing, no framing, when it may be cached; how much is read."""

from __future__ import annotations

from flask import Flask, Response, request

# The hash is that of an empty style element, which plotly.js puts into the page and fills by script.
POLICY = (
    "default-src 'self'; script-src 'self'; "
    "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    """To be called before anything that reads forms."""

    @app.before_request
    def limit_text() -> None:
        """Werkzeug holds only multipart forms to MAX_FORM_MEMORY_SIZE; a form of text alone needs no more either."""
        if request.mimetype != "multipart/form-data":
            request.max_content_length = app.config["MAX_FORM_MEMORY_SIZE"]

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        if request.endpoint not in {"static", "assets.file"}:
            response.headers.setdefault("Cache-Control", "no-store")
        if app.config["COOKIE_SECURE"]:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response
