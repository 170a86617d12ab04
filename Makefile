# `make` lists the targets.  Needs Python 3.11 to 3.14, git and make; everything else goes into .venv here.
#   PYTHON=/path/to/python3.12 make lab     choose the Python that .venv is made from
#   KIT_POSTGRES=docker make lab            use Docker instead of the bundled PostgreSQL

# The first of these that tools/interpreter.py finds fit; only looked for when .venv is made.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
# Relative, so that a folder with spaces in its name works; through `python -m`, so that a moved folder does.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
TESTED := $(VENV)/.installed-for-tests
# A virtual environment does not survive an upgrade of its Python: make it again then.
ifneq ($(wildcard $(VENV)),)
BROKEN := $(shell $(PY) -c "" 2>/dev/null || echo again)
endif
# A file's tests, and a notebook's cells, stay together: they share what they start. conftest.py says what comes first.
PYTEST := $(PY) -m pytest -q --dist=loadfile --no-loadscope-reorder
# Apart from each other: a container's network makes a browser drop its requests, and losses keep the machine busy.
BROWSER := browser or supabase
DOCKER := docker or system or losses
HUB := hub
LONG := exercises
LATER := installs or measures
CORE := $(addprefix notebooks/,00_start_here.ipynb 02_change_database.ipynb 05_merge_and_deploy.ipynb 09_which_order.ipynb 12_tomorrow.ipynb)
# The workflow's, and the rest of the core; what is further on takes minutes more.
NOTEBOOKS := $(sort $(wildcard notebooks/0*.ipynb) $(CORE))
FURTHER := $(filter-out $(NOTEBOOKS),$(wildcard notebooks/*.ipynb))
PIP_QUIET := --quiet --disable-pip-version-check

# Tests start some thousand Pythons: what one has compiled, the next one need not.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
# One thing after the other, but for the types beside the tests, which leave a core idle at first.
ifndef BESIDE
.NOTPARALLEL:
endif
.PHONY: help install lab test test-all bundle ruff mypy layers pytest pytest-python pytest-exercises pytest-browser pytest-docker pytest-hub site notebooks bench pictures lock release clean again

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## make .venv with what the lesson needs, in the locked versions (`lab` does it when needed)

# What both need first: a .venv, made from the first Python that fits.
define MAKE_VENV
@set -e; \
if ! $(PY) -c "" 2>/dev/null; then \
    looked=""; \
    for python in $(or $(PYTHON),$(CANDIDATES)); do \
        if unfit="$$("$$python" tools/interpreter.py 2>&1)"; then found="$$python"; break; fi; \
        looked="$$looked  Looked at: $$python: $$(printf '%s\n' "$$unfit" | tail -n 1)\n"; \
    done; \
    if [ -z "$$found" ]; then \
        echo "The kit needs a Python for which there are wheels of its PostgreSQL: CPython 3.11 to 3.14, on Linux with glibc or macOS."; \
        printf "$$looked"; \
        echo "  What to do: install one (python.org, your package manager, conda, uv python install), or name one: make PYTHON=/path/to/python3 lab"; \
        exit 1; \
    fi; \
    echo "Making .venv with $$("$$found" --version)"; \
    "$$found" -m venv --clear $(VENV); \
fi
endef

# $(1): the lock to install, and pip's options: --no-compile for learners, whose Python compiles what it uses.
define INSTALL
@$(PY) -m pip install $(PIP_QUIET) -r $(1) || { \
    echo "pip could not install what $(1) lists; its own message is above."; \
    echo "  What to do: look whether this machine reaches a package index, then type the same again."; \
    echo "              Without a wheel for this machine: docs/platforms.md."; \
    exit 1; }
@$(PY) -m pip install $(PIP_QUIET) --no-deps --editable .
endef

$(STAMP): requirements.lock pyproject.toml $(BROKEN)
	$(MAKE_VENV)
	@echo "Installing the locked versions into .venv (once; about a minute)"
	$(call INSTALL,requirements.lock --no-compile)
	@touch $(STAMP)

# The tests' tools are as large as the lesson: whoever only learns goes without.
$(TESTED): requirements-test.lock requirements.lock pyproject.toml $(BROKEN)
	$(MAKE_VENV)
	@echo "Installing the locked versions, and the tests' tools, into .venv (once; about a minute)"
	$(call INSTALL,requirements-test.lock)
	@touch $(STAMP) $(TESTED)

lab: $(STAMP) ## open the lesson in JupyterLab
	@$(PY) -m kit lab

test: ruff layers ## prove what every machine can, in five minutes: style, layers, types, tests, notebooks
	@$(MAKE) --no-print-directory --jobs=2 BESIDE=yes mypy pytest

test-all: test pytest-exercises pytest-browser pytest-docker pytest-hub ## and what takes minutes, or needs Chromium, Docker, the system's PostgreSQL or the Supabase CLI

ruff: $(TESTED)
	@echo "Style (ruff)"
	@$(PY) -m ruff check --quiet .

mypy: $(TESTED)
	@echo "Types (mypy, strict)"
	@$(PY) -m mypy --no-error-summary

layers: $(TESTED)
	@echo "Layers (import-linter)"
	@$(PY) -c "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())" > $(VENV)/layers.log 2>&1 \
	    || { cat $(VENV)/layers.log; exit 1; }

pytest: $(TESTED)
	@echo "Tests, and the notebooks of workflow and core against their stored outputs (pytest, nbval)"
	@$(PYTEST) --numprocesses=auto -m "not ($(LONG) or $(BROWSER) or $(DOCKER) or $(HUB) or $(LATER))" \
	    --nbval $(NOTEBOOKS) tests

# What a Python's version changes is how processes, files, threads and kernels behave: not what is true of SQL.
pytest-python: $(TESTED)
	@echo "What depends on Python's version, and the core notebooks, on $$($(PY) --version)"
	@$(PYTEST) --numprocesses=auto -m "not ($(LONG) or $(BROWSER) or $(DOCKER) or $(HUB))" --nbval $(CORE) \
	    tests/cli tests/host tests/process tests/repos tests/world tests/test_*.py

pytest-exercises: $(TESTED)
	@echo "Right, wrong and unusual solutions of every exercise, and the other notebooks against their stored outputs"
	@$(PYTEST) --numprocesses=auto --nbval $(FURTHER) tests/lesson/exercises

pytest-browser: $(TESTED)
	@echo "Tests with a browser and with the real Supabase CLI; what is missing here is skipped"
	@$(PYTEST) --numprocesses=logical -m "$(BROWSER)" tests # a browser takes a core

pytest-docker: $(TESTED)
	@echo "Tests with Docker and with the system's PostgreSQL, of what is killed, installed, measured in a copy;"
	@echo "what is missing here is skipped"
	@$(PYTEST) --numprocesses=auto -m "$(DOCKER) or $(LATER)" tests

# By itself: sixteen learners at once take all that this machine has.
pytest-hub: $(TESTED)
	@echo "Tests with a JupyterHub for users of this machine; what is missing here is skipped"
	@$(PYTEST) -m "$(HUB)" tests/hub

site: $(TESTED) ## build the static site of the lessons, for those who only read: build/site
	@$(PY) -m website

notebooks: $(TESTED) ## rewrite the notebooks' stored outputs
	@$(PY) -m kit notebooks

bench: $(TESTED) ## measure what the performance claims rest on, and write docs/performance.md
	@$(PY) -m benchmarks --write

pictures: $(TESTED) ## take the README's pictures again (needs Chromium)
	@$(PY) -m pictures.language
	@$(PY) -m pictures
	@$(PY) -m pictures.animation

BUNDLES := kit/widgets
bundle: ## make the widgets' modules of kit/widgets/scene again (needs Node and npm install)
	@node_modules/.bin/esbuild kit/widgets/scene/deploy.js kit/widgets/scene/stage.js --bundle --format=esm --minify --legal-comments=eof \
	    --log-level=warning --outdir=$(BUNDLES)

release: $(TESTED) ## build dist/ and check it: twine, the wheel's contents, an empty environment
	@$(PY) tools/release.py

COMPILE = $(PY) -m uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"
lock: $(TESTED) ## choose the newest versions again and write requirements.lock and requirements-test.lock
	@echo "Resolving pyproject.toml for every platform"
	@$(COMPILE) --upgrade --extra lesson --output-file requirements.lock
	@$(COMPILE) --upgrade --all-extras --constraint requirements.lock --output-file requirements-test.lock
	@touch $(STAMP) $(TESTED)
	@echo "Wrote requirements.lock and requirements-test.lock; next: make test"

clean: ## delete what make made here (the learner's world: python -m kit clean)
	rm -rf $(VENV) node_modules build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find kit tests benchmarks pictures notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} + 2>/dev/null || true
