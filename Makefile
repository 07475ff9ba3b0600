# The developers' table of contents. `make` alone prints it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

SCENARIO ?= sunny_day
SEED     ?= 1
SPEED    ?= 0
METERS   ?= 30
MLMDS    ?= 3
HOURS    ?= 24
BROKER   ?= auto
ENGINE   ?= embedded
TLS      ?= 1
OUT      ?= out/hil

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev hil test check format bench firmware flash cluster dashboards clean

help: ## print this table
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.runtime ## install what running needs into .venv (the other targets call it)

setup-dev: $(VENV)/.dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Gridtide needs Python 3.11 or newer: PYTHON=/path/to/python3.11 make ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

hil: $(VENV)/.runtime ## one day of a neighbourhood, end to end (SCENARIO= SEED= SPEED= METERS= MLMDS= HOURS= BROKER= ENGINE= TLS= OUT=)
	@$(BIN)/gridtide hil --scenario $(SCENARIO) --seed $(SEED) --speed $(SPEED) --meters $(METERS) --mlmds $(MLMDS) --hours $(HOURS) --broker $(BROKER) --engine $(ENGINE) $(if $(filter 0,$(TLS)),--no-tls) --out $(OUT)

test: $(VENV)/.dev ## every test
	$(BIN)/python -m pytest -q -n 4 tests

check: $(VENV)/.dev ## lint, types, arrows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@ln -sfn "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" $(VENV)/typeshed
	$(BIN)/pyright -p firmware
	$(BIN)/python -m pytest -q tests/test_arrows.py

format: $(VENV)/.dev ## rewrite the layout of the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## speed, as ratios to raw rates of the same run (QUICK=1: without the long ones)
	$(BIN)/python -m tests.bench $(if $(QUICK),--quick)

firmware: $(VENV)/.runtime ## cross-compile what runs on a board (ROLE= BOARD=; without them all)
	@$(BIN)/gridtide firmware $(if $(ROLE),--role $(ROLE)) $(if $(BOARD),--board $(BOARD))

flash: $(VENV)/.dev ## put it on a board (PORT= ROLE= BOARD= CONFIG= KEY= MICROPYTHON=image.bin RELEASE_KEYS= VERSION= LAYOUT= DRY_RUN=1)
	@$(BIN)/gridtide flash --port $(PORT) --role $(ROLE) --board $(BOARD) --config $(CONFIG) $(if $(KEY),--key $(KEY)) \
	  $(if $(MICROPYTHON),--micropython $(MICROPYTHON)) $(if $(RELEASE_KEYS),--release-keys $(RELEASE_KEYS)) \
	  $(if $(VERSION),--version $(VERSION)) $(if $(LAYOUT),--layout $(LAYOUT)) $(if $(DRY_RUN),--dry-run)

cluster: $(VENV)/.runtime ## four CometBFT validators running our ledger on loopback
	@$(BIN)/python -m chain.cometbft.cluster --out out/cluster

dashboards: $(VENV)/.dev ## write dashboards/*.json anew
	$(BIN)/python -m dashboards.feeder

clean: ## remove what the other targets made
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache *.egg-info
