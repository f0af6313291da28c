"""Style, script, map and charts, from our folder and installed packages: under their checksum, compressed, cached."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import brotli
from flask import Blueprint, Flask, Response, abort, request, url_for

from prima import trimming, worldmap
from prima.permissions import Action, guard

bp = Blueprint("assets", __name__)
FOR_EVER = "public, max-age=31536000, immutable"
LARGE = 1_000_000


@cache
def _files() -> dict[str, Path]:
    own = Path(__file__).parent / "static"
    return {
        "prima.css": own / "prima.css",
        "prima.js": own / "prima.js",
        "bootstrap.min.css": _package("flask_bootstrap") / "static" / "bootstrap5" / "css" / "bootstrap.min.css",
        "plotly.min.js": _package("plotly") / "package_data" / "plotly.min.js",
        "world.svg": worldmap.SOURCE,
    }


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"The package {name} is not installed: run `make run` or install requirements.txt.")
    return Path(spec.origin).parent


@cache
def _content(name: str, _changed_at: float) -> bytes:
    """The file as it is served: most as they are, the map drawn from its list, Bootstrap's style cut down."""
    match name:
        case "world.svg":
            return worldmap.drawing().encode()
        case "bootstrap.min.css":
            return trimming.trim(_files()[name].read_text("utf-8"), trimming.words()).encode()
    return _files()[name].read_bytes()


@cache
def _seal(name: str, changed_at: float) -> str:
    return hashlib.sha256(_content(name, changed_at)).hexdigest()[:16]


def seal(name: str) -> str:
    return _seal(name, _files()[name].stat().st_mtime)


def asset(name: str) -> str:
    """The address of a file; it changes when the file does, so browsers keep it for ever."""
    return url_for("assets.file", seal=seal(name), name=name)


@cache
def _packed(name: str, changed_at: float, encoding: str) -> bytes:
    content = _content(name, changed_at)
    if encoding == "br":
        return brotli.compress(content, quality=5 if len(content) > LARGE else 11)
    if encoding == "gzip":
        return gzip.compress(content, 6)
    return content


@bp.get("/assets/<seal>/<name>")
@guard(Action.ANYBODY)
def file(seal: str, name: str) -> Response:
    if name not in _files():
        abort(404)
    changed_at = _files()[name].stat().st_mtime
    current = _seal(name, changed_at)
    encoding = next((one for one in ("br", "gzip") if one in request.accept_encodings), "")
    response = Response(_packed(name, changed_at, encoding), mimetype=mimetypes.guess_type(name)[0])
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    # An address of an older version answers with today's file and is not kept.
    response.headers["Cache-Control"] = FOR_EVER if seal == current else "no-cache"
    return response


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.jinja_env.globals["asset"] = asset
