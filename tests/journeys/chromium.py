"""Where the journeys find their Chromium: the PATH, Debian's package, Playwright's own. As a script it installs one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

ADVICE = (
    "The browser journeys need a Chromium, and none could be found or installed: install Debian's package "
    "(sudo apt-get install chromium) or put a chromium or google-chrome on the PATH, then run make again."
)


def find() -> str | None:
    """The path of a Chromium that starts."""
    on_the_path = (shutil.which(name) for name in NAMES)
    return next((path for path in on_the_path if path and starts(path)), None) or playwrights_own()


def starts(path: str) -> bool:
    """Ask for its version: a stand-in that only names another package, or one that lacks a library, fails here."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def playwrights_own() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and starts(path) else None


def install() -> None:
    """Debian's package where apt-get may be used, else Playwright's download."""
    if shutil.which("apt-get") and (root := as_root()) is not None:
        say("Installing Debian's chromium ...")
        package = [*root, "apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
        if (run(package) or (run([*root, "apt-get", "update", "-q"]) and run(package))) and find():
            return
    say("Installing Playwright's Chromium ...")
    run([sys.executable, "-m", "playwright", "install", "chromium"])


def as_root() -> list[str] | None:
    """What to put before a command so that it runs as root; None where that would need a password."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    return sudo if shutil.which("sudo") and run([*sudo, "true"]) else None


def run(command: list[str]) -> bool:
    """Run it out of sight; what it said is shown only when it failed."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode:
        say(done.stdout)
    return done.returncode == 0


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    if not find():
        install()
        if not find():
            sys.exit(ADVICE)
