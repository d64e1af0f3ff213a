# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
ENTITIES ?= 20000
PORT ?= 8000

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: .venv/.ready  ## .venv, system packages, front-end packages, translations

.venv/.ready: pyproject.toml requirements.lock packages.apt package-lock.json
	@./scripts/setup-packages
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 以上 / Python 3.11 or later is needed"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@./scripts/setup-python
	@$(BIN)/python scripts/front_end.py
	@touch $@

locale: setup  ## compile the translations
	@$(BIN)/python scripts/compile_messages.py

demo: setup locale  ## a simulated city, served on http://127.0.0.1:8000
	$(BIN)/mingcha demo --entities $(ENTITIES) --port $(PORT)

lint: setup  ## style, walls, types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/mypy

test: setup locale lint  ## unit, property and browser tests on the default database
	$(BIN)/pytest -n 2

test-all: setup locale  ## PostgreSQL, real data, faults, benchmarks at a small size
	$(BIN)/pytest -n 2 -m "postgres or realdata or slow"

lock: setup  ## renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --python-version 3.11 --universal --generate-hashes --no-header --no-annotate \
	  --extra dev --upgrade --quiet pyproject.toml -o requirements.lock

.PHONY: help setup locale demo lint test test-all lock
