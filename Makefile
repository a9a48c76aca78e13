# Everything a newcomer types. `make` alone lists it.

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests demo test check unit bench bench-pacing clean distclean

VENV := .venv
PY := $(VENV)/bin/python
# tests that run at once, each with an exchange and a database of its own: most of them wait more than they compute
WORKERS ?= 3
# the first Python that is new enough; or say: make PYTHON=/path/to/python3
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## install everything the demo needs (quick when it is there)
	@$(PY) -m dialer.lab.provision

setup-tests: $(VENV)/.installed
	@$(PY) -m dialer.lab.provision --with-tests

demo: setup ## a whole call centre on this machine: carrier, phones, agents, campaign
	@$(VENV)/bin/fairdial demo

test: setup-tests check ## everything: style, types, boundaries, and all tests
	@$(PY) -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m "not alone"; together=$$?; \
	$(PY) -m pytest -m alone && exit $$together

check: $(VENV)/.installed ## style, types and import boundaries
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

unit: $(VENV)/.installed ## the quick tests only
	@$(PY) -m pytest -m unit -n $(WORKERS) --dist loadscope

bench: setup ## measure how fast it is on this machine
	@$(PY) -m dialer.lab.bench

bench-pacing: $(VENV)/.installed ## pacing against the rivals, 20 minutes of it; ARGS='--help' says what else
	@$(PY) -m dialer.simulation.bench $(ARGS)

clean: ## remove run data and the virtual environment
	rm -rf $(VENV) .run .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist

distclean: clean ## remove the cache as well (Asterisk, prompts)
	rm -rf "$${FAIRDIAL_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/fairdial}"

# --- the virtual environment: each stamp is written last, so an interrupted set-up is taken up again ---

$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "there is no Python 3.11 or newer: install one, or say make PYTHON=/path/to/python3"; exit 1; }
	@echo "creating $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			echo "installing python3-venv"; \
			export DEBIAN_FRONTEND=noninteractive; \
			apt-get install -qq -y --no-install-recommends python3-venv >/dev/null 2>&1 \
			|| { apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-venv >/dev/null; }; \
		else echo "$(PYTHON) has no venv: install the package python3-venv"; exit 1; fi; }
	@$(PY) -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	@echo "installing Python packages (about a minute the first time)"
	@$(PY) -m pip install -q --disable-pip-version-check -e '.[demo,dev]'
	@touch $@
