"""The application for a web server: `gunicorn wsgi:app`, and for `flask` commands typed in this folder."""

import gc
import sys

from prima import create_app, kept, turns
from prima.config import WrongSettings

try:
    app = create_app()
except WrongSettings as error:
    sys.exit(f"PRIMA does not start: {error}")

kept.share(app)  # by the processes that are forked from this one
app.wsgi_app = turns.InTurn(app.wsgi_app, app.config["MAX_CONTENT_LENGTH"], app.config["PAGES_AT_ONCE"])  # type: ignore[method-assign]
sys.setswitchinterval(turns.UNDISTURBED)

# What is loaded by now stays for good: looking again and again whether it could be freed takes a fifth of a page's
# time. What pages make goes out of use by itself, nearly all of it; the rest is looked for less often.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
