# The two commands of the README, and what they are made of. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONHASHSEED := 0

.DEFAULT_GOAL := help

.PHONY: help
help:  ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

# The stamp is written last, so an environment that was interrupted is built again.
.venv/.complete: requirements.lock pyproject.toml
	@echo "building .venv from requirements.lock (a minute or two, once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Try: make PYTHON=python3.12 report" >&2; exit 2; }
	@rm -rf .venv; $(PYTHON) -m venv .venv || \
	  { echo "venv is missing. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: .venv/.complete  ## build the environment from requirements.lock

# A stand-in for AWS that tests speak to; it pins a botocore of its own, so it lives apart.
.venv-ministack/.complete: requirements-ministack.lock
	@echo "building .venv-ministack from requirements-ministack.lock (once)"
	@rm -rf .venv-ministack; $(PYTHON) -m venv .venv-ministack
	@.venv-ministack/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements-ministack.lock
	@touch $@

.PHONY: report
report: setup  ## the reports of the sample company's last full week
	@$(BIN)/python runner.py run

.PHONY: test
test: setup lint .venv-ministack/.complete  ## everything CI checks
	@$(BIN)/python -m pytest -n auto --dist loadscope --cov --cov-report=term

.PHONY: lint
lint: setup  ## ruff, mypy, the floors of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: lock
lock: setup  ## resolve both locks anew, from pyproject.toml and requirements-ministack.in
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet -o requirements.lock
	@$(BIN)/uv pip compile requirements-ministack.in --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet -o requirements-ministack.lock

.PHONY: clean
clean:  ## remove the environments and the outputs
	@rm -rf .venv .venv-ministack outputs
