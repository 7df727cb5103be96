# Two commands matter to a reader of the README: `make up` and `make test`.
# Everything lives in .venv and .greenroom; `make clean` removes both.

VENV   := .venv
BIN    := $(VENV)/bin
# The first that runs and is new enough: a version manager's shim may be on PATH for a Python that is not there.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help up down test test-frameworks inner check lint bench schema clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Greenroom needs Python 3.11 or newer, and found none on PATH. Name one: make PYTHON=/path/to/python3 up" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# A stamp an extra: the install runs again when pyproject.toml changes, and only then.
$(VENV)/.installed-%: pyproject.toml | $(BIN)/python
	@echo "Installing greenroom[$*] into $(VENV) (a few minutes the first time: the AWS SDKs are large) …"
	@$(PIP) install --quiet --editable '.[$*]'
	@touch $@

up: $(VENV)/.installed-sandbox ## deploy dev into the local AWS with a real model, and ask it for predictions
	@$(BIN)/greenroom sandbox up dev
	@$(BIN)/greenroom sandbox invoke dev tumor

down: $(VENV)/.installed-sandbox ## destroy dev in the local AWS and stop the local AWS
	@$(BIN)/greenroom sandbox destroy dev
	@$(BIN)/greenroom sandbox stop

test: $(VENV)/.installed-test ## every test that needs neither an account nor the Pulumi CLI
	$(BIN)/python -m pytest -n 4 -m 'not aws and not frameworks'

test-frameworks: $(VENV)/.installed-test-frameworks ## the tests that need torch, TensorFlow and transformers (several gigabytes)
	$(BIN)/python -m pytest -n 2 -m 'frameworks and not aws'

inner: $(VENV)/.installed-test ## the inner loop: under a minute
	$(BIN)/python -m pytest -n 2 -q -m 'not aws and not slow and not real_engine and not frameworks'

lint: $(VENV)/.installed-dev ## ruff, mypy strict, import rules, schema drift
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/greenroom schema --check

check: lint inner ## what a change must pass: lint, then unit and functional tests

bench: $(VENV)/.installed-test ## figures and ratios: start-up, check, preview, up for 1, 10 and 100 models; packaging
	$(BIN)/python -m tests.bench

schema: $(VENV)/.installed-sandbox ## write docs/schemas anew from the specs
	$(BIN)/greenroom schema

clean: ## stop the local AWS, remove .venv, .greenroom and caches
	@if [ -x $(BIN)/greenroom ]; then $(BIN)/greenroom sandbox reset --yes >/dev/null 2>&1 || true; fi
	rm -rf $(VENV) .greenroom .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
