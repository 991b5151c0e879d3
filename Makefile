# `make` alone explains itself.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Two stamps, so that the demo need not wait for what only the tests use.
READY  := $(VENV)/.ready
TESTED := $(VENV)/.ready-for-tests
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

.DEFAULT_GOAL := help
.PHONY: help demo test lint types bench large crash workers soup fuzz node clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bonus-malus needs Python 3.11 or later; say: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (once)"
	@$(PIP) .
	@touch $@

$(TESTED): $(READY)
	@echo "installing what the tests use (once)"
	@$(PIP) '.[dev,postgresql]'
	@touch $@

demo: $(READY) ## both CRMs on localhost, first sync, time passes, second sync, three records
	@$(BIN)/bonus-malus demo

test: $(TESTED) ## the whole suite (what is not installed here is skipped and says why)
	@$(BIN)/python -m pytest --numprocesses 2

lint: $(TESTED) ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(TESTED) ## mypy, strict
	@$(BIN)/mypy

bench: $(TESTED) ## ratios against a named peer or bound, with memory (docs/benchmarks.md)
	@$(PIP) '.[bench]'
	@for b in bench/bench_*.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

large: $(TESTED) ## first read of a million contacts and five million activities from each CRM (7 GB, long)
	@for crm in salesforce hubspot; do $(BIN)/python bench/large.py $$crm || exit 1; done

crash: $(TESTED) ## kill a sync at every request and every commit, resume it, compare; both databases (hours)
	@for scenario in day fill; do for database in sqlite postgresql; do for second in "" --second-worker; do \
	  echo "== $$scenario, $$database $$second"; \
	  $(BIN)/python tests/crash/crash.py --scenario $$scenario --database $$database $$second || exit 1; \
	done; done; \
	  echo "== $$scenario, sqlite, scored in columns"; \
	  $(BIN)/python tests/crash/crash.py --scenario $$scenario --engine || exit 1; \
	done

workers: $(TESTED) ## eight workers on forty connections of one ledger in PostgreSQL, killed again and again
	@$(BIN)/python tests/crash/workers.py

soup: $(TESTED) ## faults on every tenth call, seeds 1 to 50: the CRMs must end as without (long)
	@$(BIN)/python bench/soup.py 1 50

fuzz: $(TESTED) ## a hundred thousand disjointed requests to the sandbox: no traceback, no endless loop
	@$(BIN)/python bench/fuzz_sandbox.py 100000

node: ## what the tests of the Lightning component and the HubSpot card use (Node 20)
	@npm install --prefix tests/package --no-save --no-audit --no-fund --ignore-scripts --silent

clean: ## forget the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
