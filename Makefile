# The two commands of the README, and what they are made of. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
LOCKED := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet
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

# What tests, `deploy-check` and `bench` run beside the project: each pins packages of its own, so each lives apart.
.venv-ministack/.complete .venv-sam/.complete .venv-checkov/.complete .venv-ploomber/.complete: .venv-%/.complete: requirements-%.lock
	@echo "building .venv-$* from $< (once)"
	@rm -rf .venv-$*; $(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install --quiet --require-hashes --no-deps -r $<
	@touch $@

# Node's part of it: the lock has hashes and names no host, like the others.
deploy/check/node_modules/.complete: deploy/check/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing. On Debian or Ubuntu: sudo apt-get install npm" >&2; exit 2; }
	@cd deploy/check && npm ci --silent --no-audit --no-fund --no-update-notifier
	@touch $@

.PHONY: report
report: setup  ## the reports of the sample company's last full week
	@$(BIN)/python runner.py run

# A workspace and settings of its own: what stands open in an analyst's other JupyterLab stays as it is. It asks no other
# host for news of itself, and no person whether it may.
.PHONY: lab
lab: export JUPYTERLAB_WORKSPACES_DIR := $(CURDIR)/.venv/share/jupyter/lab/workspaces
lab: export JUPYTER_PREFER_ENV_PATH := 1
lab: setup  ## JupyterLab with the README and every notebook open (LAB="--no-browser" for more options)
	@mkdir -p .venv/share/jupyter/lab/settings
	@echo '{"@jupyterlab/apputils-extension:notification": {"checkForUpdates": false, "fetchNews": "false"}}' \
	  > .venv/share/jupyter/lab/settings/overrides.json
	@$(BIN)/python deploy/lab.py > .venv/lab.json
	@$(BIN)/jupyter lab workspaces import .venv/lab.json >/dev/null
	@$(BIN)/jupyter lab --LabApp.default_url=/lab/workspaces/quarterdeck $(LAB)

.PHONY: test
test: setup lint .venv-ministack/.complete  ## everything CI checks
	@$(BIN)/python -m pytest -n auto --dist loadscope --cov --cov-report=term

.PHONY: rehearsal
rehearsal: setup .venv-ministack/.complete .venv-sam/.complete  ## from an empty account to the inboxes and back, on stand-ins for AWS
	@PYTHONPATH=tests/support $(BIN)/python tests/rehearsal.py

ROUNDS ?= 3
.PHONY: bench
bench: setup .venv-ploomber/.complete  ## the five reports by papermill, ploomber-engine, Quarterdeck, and their cells' code alone: seconds (ROUNDS=3)
	@$(BIN)/python benchmarks/batch.py $(ROUNDS)

.PHONY: bench-kernels
bench-kernels: setup  ## a kernel from start to shutdown, and its memory after a report: stock against warm (ROUNDS=3)
	@$(BIN)/python benchmarks/kernels.py $(ROUNDS)

EDITIONS ?= 5 50 200
.PHONY: bench-scale
bench-scale: setup bench-loading  ## many editions in one batch: seconds by edition, memory over time; and bench-loading (EDITIONS="5 50 200")
	@$(BIN)/python benchmarks/scale.py $(EDITIONS)

.PHONY: bench-loading
bench-loading: ITEMS ?= 10000 100000 1000000
bench-loading: setup  ## an export to a frame and a snapshot, against TypeDeserializer (ITEMS="10000 100000 1000000")
	@$(BIN)/python benchmarks/loading.py $(ITEMS)

.PHONY: bench-scan
bench-scan: ITEMS ?= 10000 100000
bench-scan: setup .venv-ministack/.complete  ## a DynamoDB table to a snapshot: seconds and peak memory (ITEMS="10000 100000")
	@PYTHONPATH=tests/support $(BIN)/python benchmarks/scan.py $(ITEMS)

.PHONY: bench-preview
bench-preview: setup  ## from a save to the new picture in the browser, seconds
	@PYTHONPATH=tests/support $(BIN)/python benchmarks/preview.py

.PHONY: deploy-check
deploy-check: setup .venv-ministack/.complete .venv-sam/.complete .venv-checkov/.complete deploy/check/node_modules/.complete  ## what can be checked of deploy/template.yaml without an account
	@PYTHONPATH=tests/support $(BIN)/python deploy/check

.PHONY: test-tools
test-tools:  ## install what tests of mails and pages call: a browser, checkers of HTML, a spam filter
	@tests/tools/install

.PHONY: shots
shots: report  ## the week's mails and pages as readers see them, into outputs/shots/: Thunderbird and Chromium, light and dark
	@PYTHONPATH=tests/support $(BIN)/python tests/tools/shots.py outputs

.PHONY: hooks
hooks: setup  ## in this clone: no outputs in commits, and diffs of notebooks by cell
	@$(BIN)/pre-commit install
	@git config diff.jupyternotebook.command "'$(abspath $(BIN))/git-nbdiffdriver' diff"
	@git config merge.jupyternotebook.driver "'$(abspath $(BIN))/git-nbmergedriver' merge %O %A %B %L %P"

.PHONY: docs
docs: setup  ## the documentation as a site, in outputs/docs
	@$(BIN)/mkdocs build --strict --quiet --site-dir outputs/docs

.PHONY: images
images: setup  ## draw the pictures of README and docs/reports anew, from the sample company's last two weeks
	@$(BIN)/python runner.py run --period 2026-W46
	@$(BIN)/python runner.py run --period 2026-W47
	@PYTHONPATH=tests/support $(BIN)/python tests/tools/shots.py outputs --docs docs/images

.PHONY: lint
lint: setup lint-notebooks  ## ruff, mypy, the floors of the house, the notebooks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: lint-notebooks
lint-notebooks: setup  ## what notebooks must not do, with cell and line
	@$(BIN)/python -m quarterdeck.notebook_lint notebooks

.PHONY: schemas
schemas: setup  ## JSON Schemas of company.yaml and params/, for editors
	@$(BIN)/python -m quarterdeck.cli.schemas docs/schemas

.PHONY: lock
lock: setup  ## resolve every lock anew, from pyproject.toml, requirements-*.in and package.json
	@$(BIN)/uv pip compile pyproject.toml --all-extras $(LOCKED) -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra lambda --constraint requirements.lock $(LOCKED) -o deploy/requirements.lock
	@for name in ministack sam checkov; do \
	  $(BIN)/uv pip compile requirements-$$name.in $(LOCKED) -o requirements-$$name.lock || exit; done
	@$(BIN)/uv pip compile pyproject.toml requirements-ploomber.in --constraint requirements.lock $(LOCKED) -o requirements-ploomber.lock
	@cd deploy/check && npm install --package-lock-only --silent --no-audit --no-fund

.PHONY: clean
clean:  ## remove the environments and the outputs
	@rm -rf .venv .venv-ministack .venv-sam .venv-checkov .venv-ploomber deploy/check/node_modules outputs
