# `make lab` to learn, `make test` to check everything; both set up .venv first, once.
PYTHON ?= python3
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

.PHONY: help lab test doctor constraints set-up

help:
	@echo "make lab          open the course in JupyterLab"
	@echo "make test         run every check (ARGS=... is passed to pytest)"
	@echo "make doctor       is this machine ready?"
	@echo "make constraints  resolve constraints.txt anew (UV_ARGS=--upgrade-package=NAME moves one)"

set-up:
	@$(PYTHON) set_up.py

lab: set-up
	@$(BIN)/course lab

test: set-up
	@$(BIN)/python -m pytest $(ARGS)

doctor: set-up
	@$(BIN)/course doctor

# One set of versions for Linux, macOS and Windows, Python 3.11 to 3.13; uv keeps those already there.
constraints: set-up
	@$(BIN)/python -m pip install --quiet "uv>=0.8"
	@$(BIN)/python -m uv pip compile pyproject.toml --extra test --extra npm --universal --python-version 3.11 \
		--fork-strategy fewest --build-constraints build-constraints.txt --no-annotate \
		--no-emit-index-url --custom-compile-command "make constraints" \
		--output-file constraints.txt --quiet $(UV_ARGS)
