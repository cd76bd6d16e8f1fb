# make run | test | lint | evals | bench | train | docs | lock | clean
#   make run MODEL=local PORT=8080     another model, a given port
#   make test SLOW=1                   the slow tests too

MODEL  ?= none
PORT   ?= 0
PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
SET_UP := .venv/.run$(if $(filter local,$(MODEL)),-local)

ifeq ($(CI),true)
SLOW ?= 1
endif

.PHONY: run test lint evals bench train docs lock clean
.DEFAULT_GOAL := run

run: $(SET_UP)
	@COACH_MODEL="$(MODEL)" $(BIN)/python -m scripts.demo --port "$(PORT)"

test: .venv/.dev
	@echo "test: fast"
	@$(BIN)/python -m pytest -q
ifneq ($(filter-out 0,$(SLOW)),)
	@echo "test: slow"
	@$(BIN)/python -m pytest -q -m slow || { code=$$?; test $$code -eq 5 && echo "no slow tests"; }
endif

lint: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "lint: run '$(BIN)/ruff format .'"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m scripts.prompts_readme --check
	@$(BIN)/python -m scripts.docs --check

evals: .venv/.dev
	@$(BIN)/python -m evals.measure

# The learned rules anew, from the labelled cases and sentences: see training/README.md.
train: .venv/.dev
	@$(BIN)/python -m training.check
	@$(BIN)/python -m training.train

bench: .venv/.dev
	@$(BIN)/python -m bench.lint

# What is generated: prompts/README.md from the rules; examples/answers and parts of README.md and docs/ by the service.
docs: .venv/.dev
	@$(BIN)/python -m scripts.prompts_readme
	@$(BIN)/python -m scripts.docs

# New versions, with hashes. Needs uv; the files fit every platform and Python 3.11 and newer.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade pyproject.toml
lock:
	@$(COMPILE) --group build -o requirements.lock
	@$(COMPILE) --group build --extra local -c requirements.lock -o requirements-local.lock
	@$(COMPILE) --group dev --extra local -c requirements.lock -o requirements-dev.lock
	@echo "lock: wrote requirements.lock, requirements-local.lock, requirements-dev.lock"

clean:
	@rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "clean: removed .venv, caches and builds"

# Installs a lock file by its hashes, then the project itself.
define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
@echo "set up: $< into .venv"
@test -x $(BIN)/python || $(PYTHON) -m venv .venv
@$(PIP) install --require-hashes -r $<
@$(PIP) install --no-deps --no-build-isolation -e .
@touch $@
endef

.venv/.run: requirements.lock pyproject.toml
	$(install)

.venv/.run-local: requirements-local.lock pyproject.toml
	$(install)
	@touch .venv/.run

.venv/.dev: requirements-dev.lock pyproject.toml
	$(install)
	@touch .venv/.run .venv/.run-local
