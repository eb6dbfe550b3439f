# `make lab` to learn, `make test` to check everything; both set up .venv first, once.
PYTHON ?= python3
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

.PHONY: help lab test test-all doctor site then constraints set-up

help:
	@echo "make lab          open the course in JupyterLab (CARDS=1: with releases for graphics cards)"
	@echo "make test         run every check but the heavy ones (ARGS=... is passed to pytest)"
	@echo "                  PROCESSOR=generic or avx2: lessons and exercises as on such a processor"
	@echo "make test-all     run every check, also the heavy ones, and as on a generic processor"
	@echo "make site         make the course's website in build/site"
	@echo "make then         make .venv-2021, the releases of October 2021 (optional)"
	@echo "make doctor       is this machine ready?"
	@echo "make constraints  resolve constraints.txt anew (UV_ARGS=--upgrade-package=NAME moves one)"

set-up:
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON): install Python 3.12 (Debian," \
		"Ubuntu: apt install python3-venv; others: python.org), or name one: PYTHON=/path/to/it" >&2; exit 1; }
	@$(PYTHON) set_up.py

lab: set-up
	@$(BIN)/course lab

# What runs in a notebook; the rest of the tests does not depend on the processor.
NOTEBOOKS := notebooks solutions

test: set-up
	@$(if $(PROCESSOR),$(BIN)/course as-processor $(PROCESSOR)) \
		$(BIN)/python -m pytest -m "not heavy" $(if $(PROCESSOR),$(NOTEBOOKS)) $(ARGS)

# AVX2 lies between this processor and the generic one: every week is enough for it.
test-all: site
	@$(BIN)/python tests/axe.py
	@$(BIN)/python -m pytest $(ARGS)
	@$(MAKE) test PROCESSOR=generic ARGS="$(ARGS)"

# Sphinx is installed beside the course when it is first wanted.
site: set-up
	@$(BIN)/python -c "import myst_nb" 2>/dev/null || $(BIN)/python -m pip install --quiet \
		--constraint constraints.txt --build-constraint build-constraints.txt --editable ".[site]"
	@$(BIN)/course site $(if $(TO),--to $(TO))

# Nobody needs it: `course then` asks the claims' questions of both years, and lessons read the record.
then: set-up
	@$(BIN)/python -c "import uv" 2>/dev/null || $(BIN)/python -m pip install --quiet "uv>=0.8"
	@$(BIN)/course then --make

doctor: set-up
	@$(BIN)/course doctor

# One set of versions for Linux, macOS and Windows, Python 3.11 to 3.13; uv keeps those already there.
# pip.conf may hold this machine to constraints of its own, which uv does not read.
OWN = $(BIN)/python -m pip config list | sed -n "s/^.*\.constraint='\(.*\)'$$/\1/p"

constraints: set-up
	@$(BIN)/python -m pip install --quiet "uv>=0.8"
	@own="$$($(OWN))"; \
	[ -z "$$own" ] || echo "No version is taken that this machine's pip must not: see $$own"; \
	$(BIN)/python -m uv pip compile pyproject.toml --extra test --extra npm --extra site --extra hub --universal --python-version 3.11 \
		--fork-strategy fewest --build-constraints build-constraints.txt --no-annotate \
		--no-emit-index-url --custom-compile-command "make constraints" \
		$$(for file in $$own; do printf -- '--constraints %s ' "$$file"; done) \
		--output-file constraints.txt --quiet $(UV_ARGS)
	@$(BIN)/python -m uv pip compile pyproject.toml --extra test --extra npm --extra cards \
		--python-version 3.11 --python-platform x86_64-manylinux_2_28 \
		--build-constraints build-constraints.txt --no-annotate \
		--no-emit-index-url --custom-compile-command "make constraints" \
		--output-file constraints-cards.txt --quiet
