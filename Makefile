# Needs Python 3.11 or newer as `python3`, and nothing else: `make demo` and `make test` install what they need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEMO   := demo
BENCHMARKS := house startup overhead discrepancy words first_minutes equivalence throughput calibration truth \
	checklist adoption boundary importance rounds serve hostile kills scale schedules \
	start start_intervals finders procedures cures lengths ray kills_ray resume trackers \
	autopilot bert search

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test busy bench site pictures clean

help:
	@echo "make demo    Nesterov momentum or Adam? The whole of Etude on a real network, in minutes"
	@echo "make test    linters, types, layers and tests"
	@echo "make busy    tests that kill or are judged by time (marker kills), three times beside four busy loops"
	@echo "make bench   all that is measured: more than a day on two quiet cores; each goes on from its cache"
	@echo "make site    the pages of docs/ as a site, without a network: build/site-source/site/index.html"
	@echo "make pictures  the pictures of docs/, where Chromium is installed"
	@echo "make setup   only makes $(VENV) and installs what the two need"
	@echo "make clean   removes $(VENV), the demo's results and caches"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Etude needs Python 3.11 or newer, and $(PYTHON) is older. Name another: make setup PYTHON=python3.12"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev]'
	@touch $@

# Typed again, it goes on where it stopped.
demo: setup
	@mkdir -p $(DEMO)
	@$(BIN)/etude run examples/optimizer/optimizer.toml --store $(DEMO)/etude.db
	@echo
	@$(BIN)/etude report optimizer --store $(DEMO)/etude.db -o $(DEMO)/optimizer.html
	@$(BIN)/etude next optimizer --store $(DEMO)/etude.db

test: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@# Hundreds of tests start the command line; none shall compile it again.
	@$(BIN)/python -m compileall -q src
	$(BIN)/pytest -n 2 --dist loadscope

busy: setup
	$(BIN)/python -m tests.busy

# The quick ones first; the last three take many hours each.
bench: setup
	@for name in $(BENCHMARKS); do echo "$$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

site: setup
	$(BIN)/python docs/site/build.py

pictures: setup
	$(BIN)/python docs/site/gallery.py

clean:
	rm -rf $(VENV) $(DEMO) build examples/*/*-[0-9]*.toml .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests examples -name __pycache__ -type d -prune -exec rm -rf {} +
