# The only place where commands live. Needs Python 3.11+, make, git and a POSIX shell with coreutils.

PYTHON ?= python3
DATA ?= ../shared/data
# One more than two cores: a third of the tests wait for servers, phones and clocks.
WORKERS ?= 3

BIN := .venv/bin
LOCK := deploy/requirements/development.txt
# Named after the lock's sum: installed anew when the lock changes, and only then.
INSTALLED := .venv/installed-$(firstword $(shell cksum < $(LOCK)))
PYTEST := $(BIN)/python -m pytest

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1
# The tests start a hundred processes of the same modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install run test check check-style check-types check-imports check-contracts check-house \
        format generate fuzz replay bench lock clean distclean

help:  ## show this list
	@$(PYTHON) -c 'import re; [print(f"{name:12} {what}") for name, what in \
	re.findall(r"^([a-z]+):.*##  *(.*)", open("Makefile").read(), re.M)]'

install: $(INSTALLED)  ## make the virtual environment with the locked dependencies

$(INSTALLED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Linli needs Python 3.11 or newer; \
	name one with make PYTHON=...")'
	@echo "Installing the locked dependencies into .venv (about a minute at the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "Python's venv or ensurepip module is missing: install it (python3-venv on Debian)." >&2; exit 1; }
	@$(BIN)/python -m pip install --progress-bar off --require-hashes -r $(LOCK)
	@rm -f .venv/installed-* && touch $@

run: $(INSTALLED)  ## run the whole suite with its servers, simulators and the demo day, until Ctrl-C
	@$(BIN)/python -m deploy.embedded.run

test: $(INSTALLED)  ## run all tests on real servers
	$(PYTEST) -q -n $(WORKERS) --dist worksteal --ignore tests/house

check: check-style check-types check-imports check-contracts check-house  ## everything that needs no server

check-style: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types: $(INSTALLED)
	$(BIN)/mypy

check-imports: $(INSTALLED)
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry . --no-ansi

check-contracts: $(INSTALLED)
	$(BIN)/python -m shared.contracts check

check-house: $(INSTALLED)
	$(PYTEST) -q -p no:xdist tests/house

format: $(INSTALLED)  ## put the code into the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(INSTALLED)  ## write what is generated from the contracts
	$(BIN)/python -m shared.contracts generate

fuzz: $(INSTALLED)  ## send 7,500 made-up requests to the services, in process, on real servers
	LINLI_FUZZ_CASES=5000 $(PYTEST) -q -n $(WORKERS) --timeout 900 tests/worlds/test_fuzz.py

replay: $(INSTALLED)  ## send recorded reality through a suite of its own: make replay DATA=folder
	@$(BIN)/python -m deploy.replay $(DATA)

bench: $(INSTALLED)  ## measure ingest, relay and consumer beside the usual way
	@$(BIN)/python -m tests.benchmarks

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --custom-compile-command "make lock" pyproject.toml

lock: $(INSTALLED)  ## compile the locks from pyproject.toml
	for service in issues parking volunteer notify; do \
	  $(COMPILE) --extra $$service -o deploy/requirements/$$service.txt || exit 1; done
	$(COMPILE) --extra development -o $(LOCK)

clean:  ## forget the suite's data and logs; downloads and the virtual environment stay
	@$(PYTHON) -m deploy.embedded.clean

distclean:  ## forget everything that git does not keep
	@$(PYTHON) -m deploy.embedded.clean --all
	rm -rf .linli .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
