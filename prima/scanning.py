"""Asking the virus scanner of the installation about a file, before the file is kept."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

from prima import turns
from prima.errors import Refused

PLACE = "{file}"
LETTERS_OF_AN_ANSWER = 500
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scanner:
    """A command without a shell; `{file}` in an argument stands for the file. It ends with 0 for a clean file."""

    command: tuple[str, ...] = ()
    seconds: int = 30
    """How long it may take; no answer is no permission."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Scanner:
        return cls(tuple(config["SCAN_COMMAND"]), config["SCAN_SECONDS"])

    def pass_on(self, file: Path, sha256: str) -> None:
        """Return for a clean file, or where no scanner is set; raises Refused for every other."""
        if not self.command:
            return
        try:
            turns.give_away()
            code, answer = _run([part.replace(PLACE, str(file)) for part in self.command], self.seconds)
        except (OSError, subprocess.TimeoutExpired) as error:
            log.error("%s could not be scanned, and was not taken: %s", sha256, error)
            raise Refused(
                _("This file cannot be checked for viruses now, so it was not filed. Please try again in a while.")
            ) from None
        if code:
            log.warning("%s was not let pass by the scanner (%s): %s", sha256, code, answer)
            raise Refused(
                _(
                    "The virus scanner does not let this file pass, so it was not filed. "
                    "Please have your computer checked, and file a clean copy."
                )
            )


def words_of(command: str) -> tuple[str, ...]:
    """The program and its arguments; raises ValueError with what is wrong with the command."""
    found = tuple(shlex.split(command))
    if command.strip() and not any(PLACE in word for word in found[1:]):
        raise ValueError(f"no argument holds {PLACE}, which stands for the file")
    return found


def is_there(command: tuple[str, ...]) -> bool:
    return shutil.which(command[0]) is not None


def _run(command: list[str], seconds: int) -> tuple[int, str]:
    """How it ended and what it said. What does not end in time is ended, with everything it started."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        try:
            said, _nothing = process.communicate(timeout=seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, said.decode("utf-8", "replace")[:LETTERS_OF_AN_ANSWER].strip()
