# `make` lists what there is. Everything runs in .venv, which is made when it is needed.
PYTHON ?= python3
BIN := .venv/bin
export DEBIAN_FRONTEND = noninteractive

.DEFAULT_GOAL := help
.PHONY: help demo test lint audit format bench torture browser firefox ffmpeg melt postgresql

help:     ## This list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*##/  make \1\t/'

demo: .venv/installed          ## Install, make a small archive, index it, search it, cut a clip
	$(BIN)/framescout demo

test: .venv/developing lint audit browser firefox ffmpeg melt postgresql    ## Install what is needed and run every check and test
	$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 --durations 20

browser:  ## Install Chromium where that can be done unasked (Debian, as root); the browser tests skip without it
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	&& apt-get update -qq && apt-get install -qq --yes chromium >/dev/null; } \
	|| echo "Chromium is not installed; the browser tests will be skipped"

firefox:  ## Install Firefox likewise: what people do most is tested in it, too
	@command -v firefox-esr >/dev/null || command -v firefox >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	&& apt-get update -qq && apt-get install -qq --yes --no-install-recommends firefox-esr >/dev/null; } \
	|| echo "Firefox is not installed; its tests will be skipped"

ffmpeg:   ## Install the system's ffmpeg likewise: clips are tested with it besides the one that the packages bring
	@command -v ffmpeg >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	&& apt-get update -qq && apt-get install -qq --yes --no-install-recommends ffmpeg >/dev/null; } \
	|| echo "The system has no ffmpeg; clips are tested with the packages' one alone"

melt:     ## Install melt likewise: what Shotcut and Kdenlive play by reads the lists of clips in tests
	@command -v melt >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	&& apt-get update -qq && apt-get install -qq --yes --no-install-recommends melt >/dev/null; } \
	|| echo "melt is not installed; no editor's program reads the lists of clips"

postgresql: ## Install PostgreSQL likewise: catalogs in a database are tested with a server that the tests start and end
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	&& apt-get update -qq && apt-get install -qq --yes --no-install-recommends postgresql >/dev/null; } \
	|| echo "PostgreSQL is not installed; the tests of catalogs in a database will be skipped"

lint: .venv/developing         ## Style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: .venv/developing        ## Hold the installed packages against the known holes, where their database can be reached
	$(BIN)/python -m tests.audit

format: .venv/developing       ## Put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/developing        ## Measure indexing, searching and the whole search from the shell; more: benchmarks/README.md
	$(BIN)/python benchmarks/indexing.py
	$(BIN)/python benchmarks/searching.py
	$(BIN)/python benchmarks/cold_search.py

torture: .venv/developing      ## Kill it at every point where it writes, for a minute, and look at what is left
	$(BIN)/python -m tests.torture --seconds 60

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/developing: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
