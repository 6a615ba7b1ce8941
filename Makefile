# Every target sets itself up. On a machine with only make and Python 3.11 or newer, `make demo` and `make test`
# are enough; PYTHON=... chooses the interpreter.

PYTHON ?=
JOBS   ?= 2
BIN    := .venv/bin
READY  := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo dev check test pythons fuzz docs test-mysql try-mysql try-mariadb traces faults soak delays bench lock clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "%-18s %s\n", $$1, $$2 }'

demo: $(READY) ## see what it does, in a minute, on this machine alone
	@$(BIN)/scriptledger demo

dev: $(READY) ## run everything here (database, broker, workers) until Ctrl-C
	@$(BIN)/scriptledger dev

check: $(READY) ## format, lint, types, layers and the quick tests: seconds, no servers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -m "not services and not slow and not full"

test: $(READY) ## every test, on a private MariaDB and Redis (installed if missing and allowed)
	@sh tests/services/install.sh
	@sh tests/once_more.sh $(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not full"

pythons: $(READY) ## the quick tests under every Python from 3.11 on (PYTHONS= names more, ENDS=1 only the ends)
	@$(BIN)/python -m tests.interpreters.run $(if $(ENDS),--ends) $(PYTHONS)

test-mysql: $(READY) ## what uses a database, on a real MySQL (named in SCRIPTLEDGER_TEST_MYSQL_URL, or fetched)
	@sh tests/services/install.sh
	@sh tests/services/fetch_mysql.sh .venv/mysql
	$(ON_MYSQL) $(MYSQL_TESTS)

try-mysql: $(READY) ## the same without whole sessions and faults: minutes, and only where a MySQL can be had
	@sh tests/services/install.sh
	@if sh tests/services/fetch_mysql.sh .venv/mysql; then \
	  $(ON_MYSQL) $(MYSQL_TESTS) --ignore=tests/traces --ignore=tests/faults; \
	else \
	  echo "No MySQL can be had here: not tested on it, only on MariaDB."; \
	fi

try-mariadb: $(READY) ## the same on a newer MariaDB than the one installed, where one can be had
	@sh tests/services/install.sh
	@if sh tests/services/fetch_unstable.sh .venv/mariadb mariadbd mariadb-server-core; then \
	  $(BIN)/python -m tests.services.newer_mariadb .venv/mariadb $(MYSQL_TESTS) --ignore=tests/traces --ignore=tests/faults; \
	else \
	  echo "No newer MariaDB can be had here: not tested on it."; \
	fi

ON_MYSQL    = $(BIN)/python -m tests.services.mysql .venv/mysql
MYSQL_TESTS = sh tests/once_more.sh $(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "services and not full" --ignore=tests/services

traces: $(READY) ## replay every recorded editing session to its last keystroke: minutes
	@sh tests/services/install.sh
	$(BIN)/python -m pytest tests/traces -m full

faults: $(READY) ## break everything at every step of a submission, CASES=2160 times, and print what became of it
	@sh tests/services/install.sh
	@$(BIN)/python -m tests.faults.run

soak: $(READY) ## mix load and faults for MINUTES=16, from a SEED= that is told; Ctrl-C ends it with a verdict
	@sh tests/services/install.sh
	@$(BIN)/python -m tests.faults.soak

delays: $(READY) ## kill 40 workers, pile 10,000 submissions on one script, and print how long others waited
	@sh tests/services/install.sh
	@$(BIN)/python -m pytest -q -rP tests/faults/test_recovery_time.py tests/faults/test_hot_spot.py

bench: $(READY) ## compare its speed with references, in one run (QUICK=1 shows that it runs, ONLY=B1,B3 picks)
	@sh tests/services/install.sh
	@$(BIN)/python -m tests.benchmarks.run $(if $(QUICK),--quick) $(if $(ONLY),,--growth) --scale "$(or $(SCALE),1)" --only "$(ONLY)"

fuzz: $(READY) ## send what no one should send to every door, for MINUTES=7 (ONLY=fdx,message picks; SEED= repeats)
	@$(BIN)/python -m tests.fuzz.run --minutes "$(or $(MINUTES),7)" --only "$(ONLY)" $(if $(SEED),--seed $(SEED))

docs: $(READY) ## write docs/reference anew from the program
	@$(BIN)/python -m cli.reference docs/reference

# Pins stay as they are unless pyproject.toml no longer allows them; UPGRADE=1 takes the newest of everything.
lock: $(READY) ## bring the locks up to date with pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra embedded --group dev \
	  --generate-hashes --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) --quiet \
	  --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --constraint requirements.lock \
	  --generate-hashes --custom-compile-command "make lock" --quiet --output-file requirements-image.lock
	$(BIN)/uv pip compile --group build --universal --python-version 3.11 \
	  --generate-hashes --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) --quiet \
	  --output-file requirements-build.lock

clean: ## remove what the targets made, the environment too; data stays
	rm -rf .venv .pythons .fuzz build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" sh .ci/set-up
	@touch $@
