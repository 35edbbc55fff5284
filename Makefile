# Needs only Python 3.11 to 3.13, make and git.

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
STAMP := $(VENV)/.complete

FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(FITS)' 2>/dev/null && echo "$$p" && break; done)

# Where a branch is checked before it is merged: what it is merged into.
SINCE ?= HEAD

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow check format bench docs lock lock-images clean

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Install everything that is needed, into .venv

demo: $(STAMP) ## Run the whole of it on this machine, with a story to follow
	$(BIN)/relearn demo

test: $(STAMP) ## Run the tests, with a real broker and a real PostgreSQL
	$(BIN)/pytest -m "not slow" -n 2 --no-loadscope-reorder

test-slow: $(STAMP) ## Run the tests that take longer
	$(BIN)/pytest -m slow

check: $(STAMP) ## Check style, types, imports and that all published messages are still read
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/relearn schemas check --since $(SINCE)
	$(BIN)/relearn operations check

format: $(STAMP) ## Put the code into its form
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

bench: $(STAMP) ## Measure speed on this machine
	$(BIN)/python -m benchmarks

docs: $(STAMP) ## Write the documents that come from the code
	$(BIN)/relearn schemas write
	$(BIN)/relearn operations write

# Images take PyTorch from an index of their own choice, as a build without CUDA, and so neither it nor what it
# brings along stands in their lock files. All have the versions that requirements.lock has.
COMPILE := $(UV) pip compile --quiet --generate-hashes --universal --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock"
CUDA = $(shell sed -nE 's/^(torch|triton|nvidia-[a-z0-9-]+|cuda-[a-z-]+)==.*/--no-emit-package \1/p' requirements.lock)

lock: $(UV) ## Choose the versions of all packages anew
	$(COMPILE) pyproject.toml --all-extras --group dev -o requirements.lock
	$(MAKE) --no-print-directory lock-images

lock-images: $(UV)
	$(COMPILE) pyproject.toml -c requirements.lock --extra telemetry -o requirements-production.lock
	$(COMPILE) pyproject.toml -c requirements.lock --extra embed --extra model --extra telemetry $(CUDA) -o requirements-embed.lock
	$(COMPILE) --group build -c requirements.lock -o requirements-build.lock

clean: ## Remove what tools left behind, but neither .venv nor data
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info

$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: name it with make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): requirements.lock pyproject.toml | $(UV)
	VIRTUAL_ENV=$(VENV) $(UV) pip sync --compile-bytecode --require-hashes requirements.lock
	VIRTUAL_ENV=$(VENV) $(UV) pip install --no-deps --no-build-isolation --no-index --editable .
	@touch $@
