# Everything one types at PRIMA. Needed beforehand: make, python3 (3.11 or newer, with venv) and a package registry.
# Tools are called as modules of the environment, so a folder that was moved or has a space in its name works.

SHELL  := /bin/sh
PYTHON ?= python3
VENV   := .venv/bin/python
FLASK  := $(VENV) -m flask --app prima
PIP    := $(VENV) -m pip --disable-pip-version-check --quiet
LOCK   := $(VENV) -m uv pip compile --quiet --universal --no-emit-index-url --no-header --no-annotate

# The domain layers, whose types are checked; what does not stand yet is left out.
DOMAIN := $(wildcard prima/projects prima/endorsement prima/reporting prima/handbook \
                     prima/workflow.py prima/permissions.py prima/journal.py prima/outbox.py)

# Arguments for the tool behind a target, as in: make pytest ARGS="-k extension"
ARGS   ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint format types security pytest soak interop bench requirements clean venv browser

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: .venv/.runtime ## Start PRIMA with its demonstration on http://127.0.0.1:8000 (PORT=... for another)
	@PRIMA_ENV="$${PRIMA_ENV:-demonstration}" exec $(VENV) -m prima.serve

# mypy and bandit each keep one core busy, and run side by side.
test: .venv/.dev browser ## Check everything: ruff, mypy, bandit, pytest with the browser journeys
	@started=$$(date +%s); status=0; \
	for check in lint "types security" pytest; do \
	    echo "== $$check"; \
	    $(MAKE) --no-print-directory -j2 $$check || { status=1; echo "make test stopped at: make $$check" >&2; break; }; \
	done; \
	seconds=$$(($$(date +%s) - started)); \
	echo "== $$((seconds / 60)) min $$((seconds % 60)) s"; \
	exit $$status

lint: .venv/.dev ## Check style and format with ruff
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .

format: .venv/.dev ## Put the code into the house's format
	@$(VENV) -m ruff check --fix .
	@$(VENV) -m ruff format .

types: .venv/.dev ## Check the types of the domain layers with mypy
	@$(VENV) -m mypy $(DOMAIN)

security: .venv/.dev ## Look for unsafe code with bandit
	@$(VENV) -m bandit --quiet --severity-level medium --configfile pyproject.toml --recursive prima

# Every worker reads all tests, and tests start programs of ours: compiled once they start twice as fast.
pytest: .venv/.dev browser ## Run the tests alone, as in: make pytest ARGS="-k extension"
	@PYTHONDONTWRITEBYTECODE= $(VENV) -m pytest -m "not soak" --numprocesses auto --dist loadfile $(ARGS)

soak: .venv/.dev browser ## Run the long proofs
	@SOAK=1 $(VENV) -m pytest -m "soak or chance" -o faulthandler_timeout=1800 $(ARGS)

interop: .venv/.dev ## Open an exported file in LibreOffice and compare (installs it with apt-get where it is not there)
	@test -e "$$(dirname "$$(readlink -f "$$(command -v soffice)")")/libsclo.so" || { $(LIBREOFFICE); }
	@$(VENV) -m pytest -n0 tests/libreoffice.py $(ARGS)

LIBREOFFICE = echo "Installing LibreOffice ..."; \
    { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -q && \
      apt-get install -y -q --no-install-recommends libreoffice-calc; } >/dev/null || { \
    echo "LibreOffice could not be installed: install its Calc (on Debian and Ubuntu: sudo apt-get install libreoffice-calc), then run make interop again." >&2; exit 1; }

bench: .venv/.dev ## Measure on the large portfolio, each figure beside its floor
	@PRIMA_ENV="$${PRIMA_ENV:-demonstration}" exec $(FLASK) bench

requirements: venv ## Renew requirements.txt and requirements-dev.txt from pyproject.toml (ARGS=--upgrade for newer ones)
	@$(VENV) -c 'import uv' 2>/dev/null || $(PIP) install uv
	@$(LOCK) $(ARGS) pyproject.toml --output-file requirements.txt
	@$(LOCK) $(ARGS) --extra dev --constraint requirements.txt pyproject.toml --output-file requirements-dev.txt

clean: ## Remove the environment and the caches; instance/ with its data stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ----------------------------------------------------------------------------------------------------------------------
# What the targets above stand on. The stamps lie in .venv and go with it: a second start installs nothing.

.venv/.runtime: requirements.txt | venv
	@echo "Installing what PRIMA needs to run ..."
	@$(PIP) install -r requirements.txt || { $(NOT_INSTALLED); }
	@touch .venv/.runtime

.venv/.dev: requirements-dev.txt requirements.txt | venv
	@echo "Installing what the tests need ..."
	@$(PIP) install -r requirements-dev.txt || { $(NOT_INSTALLED); }
	@touch .venv/.runtime .venv/.dev

NOT_INSTALLED = echo "The packages could not be installed: check that the package registry can be reached (pip says why above), then run make again." >&2; exit 1

# An environment that was cut short, or whose Python has gone, cannot import pip and is made anew.
venv:
	@$(VENV) -c 'import pip' 2>/dev/null || { $(NEW_VENV); }

define NEW_VENV
command -v "$(PYTHON)" >/dev/null || { \
    echo "There is no $(PYTHON) on this machine: install Python 3.11 or newer, then run make again." >&2; exit 1; }; \
"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
    echo "PRIMA needs Python 3.11 or newer and found $$("$(PYTHON)" --version 2>&1): install a newer one, or name it, as in: make run PYTHON=python3.12" >&2; exit 1; }; \
echo "Making .venv ..."; \
"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
    echo "Python comes without venv; trying Debian's package python3-venv ..."; \
    test "$$(id -u)" = 0 && command -v apt-get >/dev/null && { \
        apt-get install -y -q python3-venv || { apt-get update -q && apt-get install -y -q python3-venv; }; } >/dev/null; }; \
"$(PYTHON)" -m venv --clear .venv || { \
    rm -rf .venv; \
    echo "Python could not make an environment: install its venv module (on Debian and Ubuntu: sudo apt-get install python3-venv), then run make again." >&2; exit 1; }
endef

browser: .venv/.dev
	@$(VENV) tests/journeys/chromium.py
