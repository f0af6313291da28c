"""The application for a web server: `gunicorn wsgi:app`, and for `flask` commands typed in this folder."""

import sys

from prima import create_app
from prima.config import WrongSettings

try:
    app = create_app()
except WrongSettings as error:
    sys.exit(f"PRIMA does not start: {error}")
