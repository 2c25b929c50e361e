# The same targets serve people and CI. Everything installs into .venv, from requirements/dev.lock.
PYTHON ?= python3
BIN := .venv/bin
# Half as many again as cores: tests wait for other processes. Neighbours stay together, because they share what is slow to make.
WORKERS := $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))
.DEFAULT_GOAL := help

.PHONY: help setup compiled demo test test-all lint format bench docs lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/.installed: requirements/dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("strongroom needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The independent evaluator of IAM policies (docs/decisions/006): tests alone run it, in a process of its own.
tests/rival/node_modules/.installed: tests/rival/package-lock.json
	@command -v npm >/dev/null || { echo "make test compares with an evaluator that runs on node: install node 18 or newer, with npm"; exit 1; }
	npm ci --prefix tests/rival --no-audit --no-fund --ignore-scripts --loglevel=error
	touch $@

setup: .venv/.installed  ## create .venv with the locked dependencies

# Each process of pytest compiles all test files and rewrites their asserts: six seconds that bytecode saves from the second run on.
test test-all bench: export PYTHONDONTWRITEBYTECODE =

# An installed package has its bytecode; without it every process of the tests would compile all of it again.
compiled: setup
	$(BIN)/python -m compileall -q src

demo: setup  ## ninety days of backups on a local AWS organization, with a proof
	$(BIN)/strongroom demo

test: compiled lint tests/rival/node_modules/.installed  ## unit, law, conformance, detect and acceptance tests, lint, types, import contracts
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests

test-all: compiled lint tests/rival/node_modules/.installed  ## test, and the long runs
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --long tests

lint: setup  ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup  ## let ruff format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: compiled  ## measure against benchmarks/budget.toml
	$(BIN)/python -m benchmarks

docs: setup  ## regenerate docs/reference
	$(BIN)/python docs/generate.py

lock:  ## resolve requirements/dev.lock again: names, versions and hashes only (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet -o requirements/dev.lock

clean:  ## remove what the targets made
	rm -rf .venv tests/rival/node_modules .strongroom demo-report.json .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
