# Two commands do everything on a machine with Python 3.11 or newer, make and git:
#   make demo   builds the examples and runs the founding one
#   make test   runs every check

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SOURCES := $(wildcard compiler tests examples benchmarks)
WORKERS ?= 2

# The first interpreter that starts and is new enough (a pyenv shim may exist and not start).
find-python = for candidate in $${PYTHON:-} python3.11 python3 python3.12 python3.13; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then echo "$$candidate"; exit 0; fi; done; \
	echo "partialc needs Python 3.11 or newer; set PYTHON to one" >&2; exit 1

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@python="$$($(find-python))"; echo "creating $(VENV) with $$python"; "$$python" -m venv $(VENV)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing partialc and its development tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev]'
	@touch $@

.PHONY: install
install: $(INSTALLED) ## create .venv with partialc (editable) and the development tools

.PHONY: demo
demo: $(INSTALLED) ## build the examples, then run the founding one on its six rows
	@$(BIN)/partialc build
	@$(BIN)/python examples/product/demo.py

.PHONY: test
test: lint check ## lint, types, layers, committed output, all tests but the slow ones
	@$(BIN)/python -m pytest -n $(WORKERS) -m "not slow" --durations=25

.PHONY: test-slow
test-slow: $(INSTALLED) ## the long corpora too
	@$(BIN)/python -m pytest -n $(WORKERS) --durations=25

.PHONY: check
check: $(INSTALLED) ## is everything under generated/ what the examples build today?
	@if [ -f partialc.toml ]; then $(BIN)/partialc check; fi

.PHONY: lint
lint: $(INSTALLED) ## ruff, formatting, mypy --strict, layers
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check --quiet $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(INSTALLED) ## rewrite the sources in the project's format
	@$(BIN)/ruff check --fix-only --quiet $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

.PHONY: bench
bench: $(INSTALLED) ## time the kernels against what one would write by hand
	@$(BIN)/python benchmarks/run.py

.PHONY: bench-write
bench-write: $(INSTALLED) ## the same, and write benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/run.py --write

.PHONY: accuracy
accuracy: $(INSTALLED) ## judge kernels of many formulas, into benchmarks/ACCURACY.md (half an hour)
	@$(BIN)/python benchmarks/accuracy.py --write

.PHONY: calibration
calibration: $(INSTALLED) ## time all ways of a corpus, into benchmarks/CALIBRATION.md (half an hour)
	@mkdir -p build
	@$(BIN)/python benchmarks/calibrate.py --measure build/calibration.jsonl
	@$(BIN)/python benchmarks/calibrate.py --write build/calibration.jsonl

.PHONY: clean
clean: ## remove environments, caches and build output
	@rm -rf $(VENV) .environments build dist .mypy_cache .ruff_cache .pytest_cache \
	  .hypothesis .import_linter_cache
	@find compiler tests examples generated benchmarks -name __pycache__ -type d -prune \
	  -exec rm -rf {} +
