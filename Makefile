# The two commands to know: `make demo` and `make test`. Everything is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Locks are complete, and pip must not look further: a requirement that it resolves by itself has no hash.
INSTALL := $(PIP) install --no-deps

.PHONY: demo test cover bench proof install lock clean

demo: install
	@$(BIN)/papers demo

test: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest --numprocesses 3 --dist worksteal --durations 10

cover: $(VENV)/.dev
	@$(BIN)/pytest --numprocesses 2 --dist worksteal --cov --cov-report=term:skip-covered

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.bench

proof: $(VENV)/.dev
	@$(BIN)/pytest --hypothesis-profile=proof

install: $(VENV)/.run

lock: $(VENV)/.dev
	@for extra in "" "--extra dev"; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --extra build $$extra pyproject.toml \
	    --output-file requirements$${extra:+-dev}.txt; \
	done

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed: install it, or name it with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing: install it (on Debian: apt-get install python3-venv) and try again."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# A stamp for each lock: an unchanged one makes the next start a matter of seconds.
$(VENV)/.run: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the bot needs into $(VENV) …"
	@$(INSTALL) --require-hashes --requirement requirements.txt
	@$(INSTALL) --no-build-isolation --editable .
	@$(PIP) check
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what the tests need into $(VENV) …"
	@$(INSTALL) --require-hashes --requirement requirements-dev.txt
	@$(PIP) check
	@touch $@

clean:
	rm -rf $(VENV) .standin .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage *.egg-info
