# make demo    the local workspace, sample hosts and the bot, in your browser (PORT=8080; LAB=1: over the lab's hosts, as root)
# make test    everything that is checked before a change is merged
# make lab     boot the lab's mail hosts and keep them until Ctrl-C (root, Debian)
# make soak    two replicas under random kill -9, DURATION=60 seconds on each database; WHAT=flat: memory, files and tasks of one
#              bot for DURATION (86400 is a day); WHAT=fuzz: COUNT=1000000 hostile pastes and host outputs
# make docs    write the pages that are made from the code
# make sbom    what postmedic is made of, as CycloneDX in build/sbom.cdx.json
# make screenshots   click through the demo in Chromium, keep every stage in build/screenshots and one in docs/demo.png
# make lint · format · lock · clean

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8080
DURATION ?= 60
WHAT ?= chaos
COUNT ?= 1000000
PYTEST ?= -n 3 --dist loadgroup

BIN = $(VENV)/bin
# Stamps are older than a lock that has changed since: then the environment is brought up to it.
RUN_STAMP = $(VENV)/.ready
DEV_STAMP = $(VENV)/.ready-dev

.DEFAULT_GOAL := help
.PHONY: help demo test lab soak lint format docs sbom screenshots lock clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \(make .*\)/  \1/p' Makefile

demo: $(RUN_STAMP)
ifeq ($(LAB),1)
	@$(BIN)/python -m tests.lab demo $(PORT)
else
	@$(BIN)/postmedic demo --port $(PORT)
endif

test: lint
	@$(BIN)/python -m pytest $(PYTEST)

soak: $(DEV_STAMP)
ifeq ($(WHAT),fuzz)
	@POSTMEDIC_FUZZ=$(COUNT) $(BIN)/python -m pytest -n 2 $(foreach id,c8 c12 d1,$(wildcard tests/promises/test_$(id)_*.py))
else
	@$(BIN)/python -m tests.soak $(WHAT) $(DURATION)
endif

lint: $(DEV_STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > $(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }

format: $(DEV_STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(DEV_STAMP)
	@$(BIN)/python -m tests.architecture.pages

sbom:
	@mkdir -p build
	@$(PYTHON) deploy/sbom.py > build/sbom.cdx.json && echo build/sbom.cdx.json

screenshots: $(DEV_STAMP)
	@POSTMEDIC_REQUIRE_BROWSER=1 POSTMEDIC_SCREENSHOTS=build/screenshots $(BIN)/python -m pytest tests/e2e/test_demo_story.py
	@cp build/screenshots/host01-2-whole.png docs/demo.png

lab: $(RUN_STAMP)
	@$(BIN)/python -m tests.lab up

# The development environment holds everything the demo needs, so it serves for both.
$(RUN_STAMP): requirements.lock pyproject.toml
	@test -f $(DEV_STAMP) -a ! requirements-dev.lock -nt $(DEV_STAMP) || $(MAKE) --no-print-directory environment LOCK=requirements.lock
	@touch $@

$(DEV_STAMP): requirements-dev.lock pyproject.toml
	@$(MAKE) --no-print-directory environment LOCK=requirements-dev.lock
	@touch $@ $(RUN_STAMP)

.PHONY: environment
environment:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "apt-get install python3-venv, then again"; rm -rf $(VENV); exit 1; }
	@echo "installing from $(LOCK) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .

lock:
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --extra build pyproject.toml -o requirements.lock
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --extra build --extra postgresql pyproject.toml -o requirements-postgresql.lock
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --extra build --extra postgresql --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
