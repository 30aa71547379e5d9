# The doors of the house. All that is needed: python3 >= 3.11 and make.
PYTHON ?= python3
CODE = src tests scripts bench fuzz
BIN = .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check bench torture fuzz fresh docs format lock clean set-up-run set-up-test

help: ## list the doors
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: set-up-run ## set up, then let sleeping phones ring against emulated push services (ARGS=--json)
	@$(BIN)/ringwake demo $(ARGS)

test: set-up-test ## set up, then run all tests but the long ones (ARGS=unit: one part only)
	@$(PYTHON) scripts/system_packages.py
	@$(BIN)/python scripts/run_tests.py $(ARGS)

check: set-up-test ## format, lint, types, architecture, spelling, rules of RFCs
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python scripts/rfc_rows.py

bench: set-up-test ## measure speed and cost
	@$(BIN)/python bench/run.py $(ARGS)

torture: set-up-test ## run the long tests
	@$(PYTHON) scripts/system_packages.py
	@$(BIN)/python scripts/run_tests.py --torture $(ARGS)

fuzz: set-up-test ## fuzz the parsers (ARGS="--seconds 600 message uri")
	@$(BIN)/python scripts/fuzz.py $(ARGS)

fresh: ## run demo and test in a minimal Debian, as root and as an ordinary user (needs root)
	@$(PYTHON) scripts/fresh.py --test

docs: set-up-test ## write the pages that are made from the code
	$(BIN)/python scripts/state_diagrams.py
	$(BIN)/python -m ringwake.config.reference > docs/reference/config.md.new
	@mv docs/reference/config.md.new docs/reference/config.md

format: set-up-test ## format the code and mend what lint can mend
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

lock: ## recompile requirements/ (ARGS=--upgrade: to the newest versions)
	@$(PYTHON) scripts/lock.py $(ARGS)

clean: ## remove all that can be made again
	rm -rf .venv .cache .*_cache .hypothesis .coverage* build dist
	find $(CODE) -name __pycache__ -exec rm -rf {} +

set-up-run:
	@$(PYTHON) scripts/setup.py run

set-up-test:
	@$(PYTHON) scripts/setup.py test
