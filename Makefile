# Everything here works without root and needs only python3, python3-venv, make and git.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

# Set-up is done again when pyproject.toml changes, and only then.
FRAME := $(shell cksum < pyproject.toml | cut -d' ' -f1)
BASE := $(VENV)/.base-$(FRAME)
TEST := $(VENV)/.test-$(FRAME)

# --no-compile: Python compiles what it imports; the rest would be a third of the folder.
INSTALL := $(BIN)/python -m pip install -qq --no-compile

.PHONY: help
help: ## this list
	@echo "orderproof: prove what happened to an order"
	@echo
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  ARGS='...' is passed on, e.g. make demo ARGS='--keep out', make test ARGS='-k chain'"

.PHONY: demo
demo: $(BASE) ## one order end to end, checked, then tampered with
	@$(BIN)/orderproof demo $(ARGS)

.PHONY: test
test: $(TEST) ## the tests (ORDERPROOF_EXTRAS=1 adds the slow ones)
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

# What stands on the ledger, the objects, the log or the queue, once more on other servers.
SCALED = tests/journeys $(addprefix tests/storage/test_,crashes.py ledger.py sequencer.py tokens.py) \
	$(addprefix tests/service/,access timestamping webhooks witness $(addprefix test_,access.py custody.py \
	derive.py erasure.py keeping.py reverify.py reviewer.py shelf.py whole.py worker.py))

.PHONY: test-scaled
test-scaled: $(TEST) ## the same on PostgreSQL, S3 and Valkey, all started by the tests
	@ORDERPROOF_SHAPE=scaled $(BIN)/python -m pytest -n $(JOBS) $(SCALED) $(ARGS)

.PHONY: check
check: lint types test ## what CI runs: lint, types, tests

.PHONY: lint
lint: $(TEST) ## style, layout and import arrows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@NO_COLOR=1 $(BIN)/lint-imports --no-logo

.PHONY: types
types: $(TEST) ## mypy --strict, tests included
	@$(BIN)/mypy

.PHONY: format
format: $(TEST) ## lay out the code and mend what can be mended
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(TEST) ## measure speed and memory
	@$(BIN)/python -m bench $(ARGS)

.PHONY: clean
clean: ## remove build results and caches (evidence and .venv stay)
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -path ./$(VENV) -prune -o -path ./.git -prune -o -type d -name __pycache__ -exec rm -rf {} +

.PHONY: clean-venv
clean-venv: ## remove .venv; the next command sets it up again
	@rm -rf $(VENV)

# A half-made environment is taken away again: the next run must not take it for a whole one.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "orderproof needs Python 3.11 or newer; '$(PYTHON)' is missing or older." >&2; \
	  echo "Install it, or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Setting up: virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "No virtual environment could be made." >&2; \
	  echo "On Debian or Ubuntu: apt install python3-venv. Then run make again." >&2; exit 1; }
	@$(BIN)/python -m pip uninstall --quiet --yes setuptools 2>/dev/null || true

$(BASE): pyproject.toml | $(BIN)/python
	@echo "Setting up: installing orderproof (once, about half a minute)"
	@$(INSTALL) --editable . || { \
	  echo "The libraries could not be installed; pip says why above." >&2; \
	  echo "Most often there is no way to the package index. Then run make again." >&2; exit 1; }
	@: "pip has done its work; its own compiled code is 6 MB that nobody else needs"
	@find $(VENV)/lib -path '*/site-packages/pip/*' -name __pycache__ -prune -exec rm -rf {} +
	@rm -f $(VENV)/.base-*; touch $@

$(TEST): $(BASE)
	@echo "Setting up: installing the test tools (once, about half a minute)"
	@$(INSTALL) --editable '.[test]' || { \
	  echo "The test tools could not be installed; pip says why above. Then run make again." >&2; \
	  exit 1; }
	@: "OpenCV's usual build wants the libraries of a screen; where there are none, its other one"
	@$(BIN)/python -c 'import cv2' 2>/dev/null || \
	  $(INSTALL) --force-reinstall --no-deps "opencv-python-headless==$$($(BIN)/python -c \
	    'from importlib.metadata import version; print(version("opencv-python"))')" || \
	  echo "OpenCV does not start here: tests that read pictures will fail." >&2
	@rm -f $(VENV)/.test-*; touch $@
