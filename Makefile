# Every command of this project; `make help` lists them.

VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
PORT ?= 8000
CONSOLE_PORT ?= 8001
FRESH ?=
K ?=
STAGE ?= dev
SEED ?= fresh:20
DAYS ?= 30
ASKS ?= 0.5
AUDIT ?=
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help run preview simulate test test-all test-properties coverage check audit bench package export erase deploy doctor

help:
	@echo 'make run          the whole service on this machine: http://127.0.0.1:$(PORT), console http://127.0.0.1:$(CONSOLE_PORT)'
	@echo '                  FRESH=1 starts empty; PORT and CONSOLE_PORT choose other ports'
	@echo 'make preview      every text, mail and timeline as one page in .local/preview'
	@echo 'make test         every test that needs only Python, with the same seeds each time; K=expression picks some by name'
	@echo 'make test-all     the same, and those on DynamoDB Local and in a browser, which it installs; TESTS=… for some'
	@echo 'make check        ruff, format, mypy, import contracts, care plans, wordings'
	@echo 'make audit        asks whether a package that is deployed has a known hole; fails when one has'
	@echo 'make package      the CloudFormation bundle in dist/, of STAGE=dev; STAGE=prod refuses samples'
	@echo 'make test-properties  the property tests of times in full: over 120,000 cases, some 10 minutes'
	@echo 'make coverage     the same tests, and which lines of chalicelib they run; shown, never a reason to fail'
	@echo 'make simulate     a clinic of many days with every fault, by seeds: SEED=fresh:20 (or 17, or 0:20) DAYS=30 ASKS=0.5 (requests a day)'
	@echo 'make bench        how long the parts take here, and what they ask of DynamoDB, as one table'
	@echo 'make export       everything held about one patient, as JSON; WHO=REQ-…, in the environment of a stage'
	@echo 'make erase        erases one patient, but for opt-out and consents; WHO=REQ-… BY=staff-id'
	@echo 'make deploy       not built yet'
	@echo 'make doctor       not built yet'

# The stamp is written last, so an installation that was broken off is made again from nothing.
# A python3.N on the path may be a shim that cannot run; each is asked for its version first.
# 3.14 comes after those that the tests are usually run on.
$(STAMP): requirements.txt requirements-dev.txt
	@if [ -e $(VENV) ] && [ ! -e $(STAMP) ]; then rm -rf $(VENV); fi
	@if [ ! -x $(PYTHON) ] || ! $(PYTHON) -c '' 2>/dev/null; then \
		rm -rf $(VENV); \
		for candidate in python3.13 python3.12 python3.11 python3.14 python3; do \
			if $$candidate -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1; then \
				echo "Making $(VENV) with $$candidate"; \
				$$candidate -m venv $(VENV) && break; \
				rm -rf $(VENV); \
			fi; \
		done; \
	fi
	@if [ ! -x $(PYTHON) ]; then echo 'Python 3.11, 3.12, 3.13 or 3.14 (with venv) is needed and none was found.' >&2; exit 1; fi
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(STAMP)

run: $(STAMP)
	@exec env FRESH='$(FRESH)' PORT='$(PORT)' CONSOLE_PORT='$(CONSOLE_PORT)' $(PYTHON) -m local.run

preview: $(STAMP)
	@$(PYTHON) -m local.preview.__main__

test: $(STAMP)
	$(PYTHON) -m pytest $(if $(K),-k '$(K)')

test-all: $(STAMP)
	@$(PYTHON) -m local.test_all $(TESTS)

# Processes that tests start are not counted. The report stands whatever the tests said before it.
coverage: $(STAMP)
	@$(PYTHON) -m coverage run -m pytest $(if $(K),-k '$(K)'); tested=$$?; \
		$(PYTHON) -m coverage report && exit $$tested

check: $(STAMP)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	PYTHONPATH=. $(VENV)/bin/lint-imports
	$(PYTHON) -m lint.careplans
	$(PYTHON) -m lint.messages

audit: $(STAMP)
	@$(PYTHON) -m local.audit $(AUDIT)

# What an earlier call made goes first: a stage that is refused leaves nothing to deploy.
package: $(STAMP)
	rm -rf dist
	@$(PYTHON) -m chalicelib.release '$(STAGE)'
	$(PYTHON) -m lint.careplans
	$(PYTHON) -m lint.messages
	AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(VENV)/bin/chalice package --stage $(STAGE) --merge-template .chalice/resources.json dist
	$(VENV)/bin/cfn-lint dist/sam.json

test-properties: $(STAMP)
	HYPOTHESIS_PROFILE=full $(PYTHON) -m pytest tests/properties --show-capture=no

simulate: $(STAMP)
	@$(PYTHON) -m tests.simulation --seeds '$(SEED)' --days '$(DAYS)' --asks '$(ASKS)'

bench: $(STAMP)
	@$(PYTHON) -m tests.bench

export: $(STAMP)
	@$(PYTHON) -m local.people export '$(WHO)'

erase: $(STAMP)
	@$(PYTHON) -m local.people erase '$(WHO)' '$(BY)'

deploy doctor:
	@echo 'make $@ is not built yet; it comes with a later change.' >&2; exit 1
