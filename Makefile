# Every command of the project. `make help` lists them; the hook, CI and people run the same ones.

SHELL := /bin/bash
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
WAAS_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/waas
export WAAS_CACHE

# uv from PATH, else one of our own outside the checkout.
OWN_UV := $(WAAS_CACHE)/uv-$(UV_VERSION)/bin/uv
UV := $(or $(shell command -v uv),$(OWN_UV))
RUN := $(UV) run --frozen
CLUSTER := PYTHONPATH=tests $(RUN) python -m cluster
IMAGES := PYTHONPATH=tests $(RUN) python -m images
BROWSERS := PYTHONPATH=tests $(RUN) python -m support.browsers
PROMTOOL := PYTHONPATH=tests $(RUN) python -m cluster.promtool
HELM := PYTHONPATH=tests $(RUN) python -m cluster.helm
WORKERS ?= 2
PYTEST := $(RUN) pytest --numprocesses $(WORKERS) --dist worksteal

PROGRAMS := waas-contract waas-api waas-operator waas-job waas-standalone waas-client
PIP_AUDIT_VERSION := 2.10.1
PIP_LICENSES_VERSION := 5.5.5

PYTHON_TREES := contract api operator job-image standalone client charts tests

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(OWN_UV):
	@echo "uv is not on PATH: installing uv $(UV_VERSION) into $(WAAS_CACHE)"
	@python3 -c 'import ensurepip, venv' 2>/dev/null || \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -q && apt-get install -qy --no-install-recommends python3-venv; \
		else \
			echo "Install Python's venv module (Debian: apt-get install python3-venv) or uv" >&2; exit 1; \
		fi
	@python3 -m venv $(WAAS_CACHE)/uv-$(UV_VERSION)
	@$(WAAS_CACHE)/uv-$(UV_VERSION)/bin/pip install --quiet uv==$(UV_VERSION)

.PHONY: demo
demo: announce-downloads setup ## Transcribe real speech with a server of your own, and show what comes out
	@PYTHONPATH=tests $(RUN) python -m support.demo

.PHONY: serve
serve: announce-downloads setup ## Keep a server up on http://127.0.0.1:3000 until Ctrl-C
	@PYTHONPATH=tests $(RUN) python -m support.demo --keep

.PHONY: announce-downloads
announce-downloads:
	@test -d .venv || echo "This downloads about 3 GB once (torch above all), which take 6 GB of disk: some minutes."

.PHONY: setup
setup: $(UV) ## Install everything that development and tests need (about 6 GB, torch above all)
	$(UV) sync --locked

.PHONY: format
format: setup ## Format the code and sort its imports
	$(RUN) ruff check --fix $(PYTHON_TREES)
	$(RUN) ruff format $(PYTHON_TREES)

.PHONY: lint
lint: setup ## Check style, types and the direction of imports
	$(RUN) ruff check $(PYTHON_TREES)
	$(RUN) ruff format --check $(PYTHON_TREES)
	$(RUN) mypy contract api/src operator/src job-image/src standalone/src client/src charts tests
	$(RUN) lint-imports
	$(HELM) lint --strict --quiet charts/waas --set minio.enabled=true

.PHONY: test
test: setup ## Run unit and integration tests; builds the servers they need on a machine's first run
	$(BROWSERS)
	$(PROMTOOL)
	$(CLUSTER) build
	$(PYTEST)

.PHONY: test-unit
test-unit: setup ## Run the unit tests: seconds, no sockets
	$(RUN) pytest tests/unit

.PHONY: test-integration
test-integration: setup ## Run the integration tests on a real API server, store, speech and weights
	$(BROWSERS)
	$(CLUSTER) build
	$(PYTEST) tests/integration tests/browser

.PHONY: test-browser
test-browser: setup ## Run the tests of the web page in Chromium and Firefox; as root on Debian, they are installed
	$(BROWSERS)
	$(PYTEST) tests/browser

.PHONY: test-long
test-long: setup ## Run what takes minutes: 50 kills, 200 small files, 10,000 jobs through the operator, 300 with pods
	$(CLUSTER) build
	$(RUN) pytest -m long
	PYTHONPATH=tests $(RUN) python -m performance.small_files
	PYTHONPATH=tests $(RUN) python -m performance.operator
	PYTHONPATH=tests $(RUN) python -m performance.operator --pods --jobs 300
	PYTHONPATH=tests $(RUN) python -m performance.api

.PHONY: bench
bench: setup ## Compare the engine with its peers, in turns on one recording: hours; BENCH="--help" for less
	PYTHONPATH=tests $(RUN) --group bench python -m performance.engine $(BENCH)

.PHONY: test-e2e
test-e2e: setup ## Run the installed chart on a node of this machine; needs root, says so elsewhere
	$(RUN) pytest -m e2e --timeout 1200 tests/e2e

.PHONY: page-pictures
page-pictures: setup ## Take pictures of every view of the web page at three widths, into the cache
	$(BROWSERS)
	PYTHONPATH=tests $(RUN) python -m support.page_pictures

.PHONY: check
check: lint check-generated test test-e2e ## Run all that CI runs

.PHONY: images
images: setup ## Build the images with buildah, docker or podman; only those whose content changed
	$(IMAGES) build

.PHONY: generate
generate: setup ## Write the chart's CustomResourceDefinition, its schema of values and their table
	$(RUN) python contract/generate.py

.PHONY: check-generated
check-generated: setup ## Fail if what is generated is out of date
	$(RUN) python contract/generate.py --check

.PHONY: packages
packages: setup ## Build the Python packages into dist/
	for program in $(PROGRAMS); do $(UV) build --quiet --package $$program --out-dir dist; done

.PHONY: publish
publish: $(UV) ## Publish the packages in dist/ on PyPI; for the release workflow, which PyPI trusts
	$(UV) publish --trusted-publishing always dist/*.whl dist/*.tar.gz

.PHONY: sbom
sbom: setup ## Write what each program consists of into dist/sbom/, as CycloneDX
	@mkdir -p dist/sbom
	for program in $(PROGRAMS); do \
		$(UV) export --frozen --no-dev --package $$program --quiet --preview-features sbom-export \
			--format cyclonedx1.5 --output-file dist/sbom/$$program.cdx.json; \
	done

.PHONY: licences
licences: setup ## Write the licences of all that the programs bring along into dist/licences/
	@mkdir -p dist/licences
	$(UV) run --isolated --frozen --no-default-groups --all-packages --with pip-licenses==$(PIP_LICENSES_VERSION) \
		pip-licenses --from=mixed --format=markdown --with-urls \
		--ignore-packages $(PROGRAMS) --output-file dist/licences/licences.md

.PHONY: audit
audit: $(UV) ## Ask PyPI for known vulnerabilities of the locked dependencies; needs the internet
	@$(UV) export --frozen --no-default-groups --all-packages --no-emit-workspace --quiet | \
		$(UV) tool run pip-audit@$(PIP_AUDIT_VERSION) --strict --disable-pip --requirement /dev/stdin

.PHONY: changes
changes: ## Print what the changelog says of this version
	@version=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml); \
		awk -v heading="## $$version" 'index($$0, heading) == 1 { on = 1; next } /^## / { on = 0 } on' CHANGELOG.md

# Root has a node, unless it asks for none by NODE=0; nobody else can have one.
NODE ?= $(if $(filter 0,$(shell id -u)),1,0)

.PHONY: cluster-up
cluster-up: setup ## Start a Kubernetes control plane and a MinIO; as root, unless NODE=0, a whole node too
	$(CLUSTER) up $(if $(filter-out 0,$(NODE)),--node)

.PHONY: cluster-env
cluster-env: ## Print what `eval "$$(make -s cluster-env)"` sets: KUBECONFIG and the store's credentials
	@$(CLUSTER) env

.PHONY: install
install: setup ## Install the chart, with the images of this checkout, on the node that root's `cluster-up` started
	@PYTHONPATH=tests $(RUN) python -m support.release

.PHONY: cluster-down
cluster-down: setup ## Stop them and remove what they stored
	$(CLUSTER) down
