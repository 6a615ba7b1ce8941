# Every target sets up what it needs. A machine with make and Python 3.11 or newer can run `make demo` and `make test`.
# PYTHON=... chooses the interpreter, JOBS=... the number of tests at a time: many of them wait for servers and workers.

PYTHON ?=
JOBS   ?= 3
BIN    := .venv/bin
READY  := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo dev check test pythons fuzz docs test-mysql try-mysql try-mariadb traces faults backfill-faults soak delays bench lock clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "%-18s %s\n", $$1, $$2 }'

demo: $(READY) ## show every feature in a minute, on this machine alone
	@$(BIN)/scriptledger demo

dev: $(READY) ## run everything here (database, broker, workers) until Ctrl-C
	@$(BIN)/scriptledger dev

check: $(READY) ## format, lint, types, layers, write rules and the quick tests: about two minutes, no servers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/scriptledger gates check
	@sh tests/once_more.sh $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m "not services and not slow and not full"

test: $(READY) ## every test, on a private MariaDB and Redis (installed if missing and allowed)
	@sh tests/services/install.sh
	@sh tests/once_more.sh $(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not full"

pythons: $(READY) ## the quick tests under every Python from 3.11 on (PYTHONS= adds some; ENDS=1: oldest and newest)
	@$(BIN)/python -m tests.interpreters.run $(if $(ENDS),--ends) $(PYTHONS)

test-mysql: $(READY) ## the tests that use a database, on a real MySQL (SCRIPTLEDGER_TEST_MYSQL_URL, or downloaded)
	@sh tests/services/install.sh
	@sh tests/services/fetch_mysql.sh .venv/mysql
	$(ON_MYSQL) $(MYSQL_TESTS)

try-mysql: $(READY) ## test-mysql without recorded sessions and faults: minutes; skipped without a MySQL
	@sh tests/services/install.sh
	@if sh tests/services/fetch_mysql.sh .venv/mysql; then \
	  $(ON_MYSQL) $(MYSQL_TESTS) --ignore=tests/traces --ignore=tests/faults; \
	else \
	  echo "No MySQL is available here: tested on MariaDB only."; \
	fi

try-mariadb: $(READY) ## try-mysql on a newer MariaDB than the one installed; skipped without one
	@sh tests/services/install.sh
	@if sh tests/services/fetch_unstable.sh .venv/mariadb mariadbd mariadb-server-core; then \
	  $(BIN)/python -m tests.services.newer_mariadb .venv/mariadb $(MYSQL_TESTS) --ignore=tests/traces --ignore=tests/faults; \
	else \
	  echo "No newer MariaDB is available here: not tested on one."; \
	fi

ON_MYSQL    = $(BIN)/python -m tests.services.mysql .venv/mysql
MYSQL_TESTS = sh tests/once_more.sh $(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "services and not full" --ignore=tests/services

traces: $(READY) ## replay every recorded session to its last keystroke, scan a million legacy rows: minutes
	@sh tests/services/install.sh
	$(BIN)/python -m pytest tests/traces tests/backfill -m full

faults: $(READY) ## inject CASES=2160 faults at every step of a submission and print a table of violations
	@sh tests/services/install.sh
	@$(BIN)/python -m tests.faults.run

backfill-faults: $(READY) ## kill workers, connections, database and broker of a backfill, KILLS=200 times
	@sh tests/services/install.sh
	@$(BIN)/python -m tests.faults.backfill_kills --kills "$(or $(KILLS),200)" $(if $(SEED),--seed $(SEED))

soak: $(READY) ## random load and faults for MINUTES=16; prints the SEED= to repeat it and a verdict
	@sh tests/services/install.sh
	@$(BIN)/python -m tests.faults.soak

delays: $(READY) ## kill 40 workers, queue 10,000 submissions of one script, and print how long others waited
	@sh tests/services/install.sh
	@$(BIN)/python -m pytest -q -rP tests/faults/test_recovery_time.py tests/faults/test_hot_spot.py

bench: $(READY) ## compare the speed with references, in one run (QUICK=1: only check that it runs; ONLY=B1,B3)
	@sh tests/services/install.sh
	@$(BIN)/python -m tests.benchmarks.run $(if $(QUICK),--quick) $(if $(ONLY),,--growth) --scale "$(or $(SCALE),1)" --only "$(ONLY)"

fuzz: $(READY) ## send invalid inputs to every entry point for MINUTES=7 (ONLY=fdx,message; SEED= repeats)
	@$(BIN)/python -m tests.fuzz.run --minutes "$(or $(MINUTES),7)" --only "$(ONLY)" $(if $(SEED),--seed $(SEED))

docs: $(READY) ## generate docs/reference from the program
	@$(BIN)/python -m cli.reference docs/reference

# Pins stay unless pyproject.toml no longer allows them; UPGRADE=1 takes the newest version of everything.
lock: $(READY) ## update the lock files from pyproject.toml (UPGRADE=1: newest versions)
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra embedded --extra gates --extra models --extra serve --group dev \
	  --generate-hashes --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) --quiet \
	  --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra drift --extra models --extra serve --constraint requirements.lock \
	  --generate-hashes --custom-compile-command "make lock" --quiet --output-file requirements-image.lock
	$(BIN)/uv pip compile --group build --universal --python-version 3.11 \
	  --generate-hashes --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) --quiet \
	  --output-file requirements-build.lock

clean: ## remove build output and the environment; data stays
	rm -rf .venv .pythons .fuzz build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" sh .ci/set-up
	@touch $@
