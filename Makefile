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

# Set-up is done again when pyproject.toml or requirements/ change, and only then.
FRAME := $(shell cksum < pyproject.toml | cut -d' ' -f1)
BASE := $(VENV)/.base-$(FRAME)
TEST := $(VENV)/.test-$(FRAME)
SUPPLY := $(VENV)/.supply-$(FRAME)

# --no-compile: Python compiles what it imports; the rest would be a third of the folder.
# What a set-up that was cut off left behind looks installed to pip, and need not be whole.
BEGUN := $(VENV)/.begun
INSTALL = $(BIN)/python -m pip install -qq --no-compile $(if $(wildcard $(BEGUN)),--force-reinstall)

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
SCALED = tests/journeys tests/cases $(addprefix tests/storage/test_,crashes.py ledger.py sequencer.py tokens.py) \
	$(addprefix tests/service/,access timestamping webhooks witness $(addprefix test_,access.py again.py custody.py \
	derive.py erasure.py keeping.py reverify.py reviewer.py sealed_port.py shelf.py whole.py worker.py))

.PHONY: test-scaled
test-scaled: $(TEST) ## the same on PostgreSQL, S3 and Valkey, all started by the tests
	@ORDERPROOF_SHAPE=scaled $(BIN)/python -m pytest -n $(JOBS) $(SCALED) $(ARGS)

# Only files that play a row are imported; the page is written where it is kept.
.PHONY: scenarios
scenarios: $(TEST) ## play the 120 scenarios, and write docs/scenarios.md
	@$(BIN)/python -m pytest -n $(JOBS) -q -m row -p tests.scenarios.page --scenarios docs/scenarios.md \
	  $$(grep -rlE 'mark\.row\(|def test_S[0-4]_' --include='test_*.py' tests) $(ARGS)

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
	@$(BIN)/python -m tests.architecture

.PHONY: lock
lock: $(TEST) ## requirements/: every library by version and digest, from pyproject.toml
	@$(LOCKED) -r requirements/lock.txt
	@$(BIN)/python -m supply.locks $(ARGS)

.PHONY: wheel
wheel: $(TEST) ## dist/: the wheel, the same bytes from the same commit wherever it is made
	@$(BIN)/python -m hatchling build -t wheel

.PHONY: licences
licences: $(TEST) ## docs/licences.md: under which terms what we install may be used
	@$(BIN)/python -m supply.licences

.PHONY: unused
unused: $(SUPPLY) ## code that nothing uses, libraries that nothing imports; the Dockerfile's form
	@! $(BIN)/vulture | grep -v '^tests/'
	@$(BIN)/deptry .
	@$(BIN)/hadolint --ignore DL3008 Dockerfile

.PHONY: coverage
coverage: $(SUPPLY) ## the tests, and how many branches they go through
	@$(BIN)/python -m supply.branches --jobs $(JOBS) $(ARGS)

.PHONY: faults
faults: $(SUPPLY) ## what is known against the versions that are locked
	@$(BIN)/python -m supply.faults

.PHONY: sbom
sbom: $(SUPPLY) wheel ## dist/: a bill of materials (CycloneDX) of what the image installs
	@rm -rf build/sbom && $(PYTHON) -m venv --without-pip build/sbom
	@$(BIN)/python -m pip --python build/sbom install -qq --no-compile --require-hashes -r requirements/image.txt
	@$(BIN)/python -m pip --python build/sbom install -qq --no-compile --no-deps dist/orderproof-*.whl
	@$(BIN)/cyclonedx-py environment build/sbom/bin/python --pyproject pyproject.toml \
	  --mc-type application --output-reproducible --validate -o dist/orderproof.cdx.json

.PHONY: image
image: ## the Dockerfile's steps without Docker, and the outcome tried; needs root and debootstrap
	@tests/image_root.sh $(or $(ARGS),$(CURDIR)/build/image)

.PHONY: mutants
mutants: $(SUPPLY) ## do tests notice small changes of what decides?
	@$(BIN)/python -m supply.mutants $(ARGS)

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

# What is installed is what requirements/ says, by version and digest. UNLOCKED=1 takes what
# pyproject.toml allows instead: for a machine that no wheel was locked for.
LOCKED = $(INSTALL) --require-hashes
ifdef UNLOCKED
INSTALL_BASE = $(INSTALL) --editable .
INSTALL_TEST = $(INSTALL) --editable '.[test]'
else
# What builds our wheel is 3 MB that only whoever builds needs.
INSTALL_BASE = $(LOCKED) -r requirements/build.txt && \
  $(INSTALL) --no-deps --no-build-isolation --editable . && \
  $(BIN)/python -m pip uninstall --quiet --yes -r requirements/build.txt && \
  $(LOCKED) -r requirements/base.txt
INSTALL_TEST = $(LOCKED) -r requirements/build.txt -r requirements/sources.txt && \
  $(LOCKED) --no-build-isolation --use-pep517 -r requirements/test.txt
endif

$(BASE): pyproject.toml requirements/build.txt requirements/base.txt | $(BIN)/python
	@echo "Setting up: installing orderproof (once, about half a minute)"
	@{ touch $(BEGUN) && $(INSTALL_BASE); } || { \
	  echo "The libraries could not be installed; pip says why above." >&2; \
	  echo "Most often there is no way to the package index. Then run make again. If no version" >&2; \
	  echo "matches on this machine, take unlocked ones: make $(MAKECMDGOALS) UNLOCKED=1" >&2; exit 1; }
	@: "pip has done its work; its own compiled code is 6 MB that nobody else needs"
	@find $(VENV)/lib -path '*/site-packages/pip/*' -name __pycache__ -prune -exec rm -rf {} +
	@rm -f $(VENV)/.base-* $(BEGUN); touch $@

$(TEST): $(BASE) requirements/sources.txt requirements/test.txt
	@echo "Setting up: installing the test tools (once, about half a minute)"
	@{ touch $(BEGUN) && $(INSTALL_TEST); } || { \
	  echo "The test tools could not be installed; pip says why above. Then run make again." >&2; \
	  exit 1; }
	@rm -f $(VENV)/.test-* $(BEGUN); touch $@

$(SUPPLY): $(TEST) requirements/supply.txt
	@echo "Setting up: installing the tools that look at the tree"
	@touch $(BEGUN) && $(LOCKED) -r requirements/supply.txt
	@rm -f $(VENV)/.supply-* $(BEGUN); touch $@
