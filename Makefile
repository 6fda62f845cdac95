# Each target works on a fresh clone: it makes its own virtual environment when there is none.
#
#   make demo          draw a figure
#   make test          run the tests on all cores          (ARGS="-k cosine" to narrow, "-n 0" for one process)
#   make coverage      run the tests and report the lines that they do not reach
#   make test-lowest   run the tests with the lowest versions of pyproject.toml, torch aside (Python 3.11 or 3.12)
#   make families-test run the tests that need transformers, timm, Lightning and others, in a virtual environment of its own
#   make lint          ruff: rules and format
#   make types         mypy, strict
#   make test-slow     run the tests that take long: the page in a browser, kills, documents, CI, site, benchmarks
#   make wheel-test    build the wheel, install it alone, use it
#   make environments  compare the bytes of a render in forty environments
#   make fuzz          run inputs that are made at random  (ARGS="--count 10000 --seed 7 --kind notation")
#   make bench         measure speed, memory and sizes      (ARGS="--quick")
#   make site          build the documentation site into build/site
#   make figures       draw the figures of README and docs again, and renew the output in their console blocks

VENV ?= .venv
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
ARGS ?=
# The tests start many processes, which start faster with compiled modules.
unexport PYTHONDONTWRITEBYTECODE

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# What is installed: lrviz alone, or lrviz with everything for its development. The second covers the first.
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
LOWEST := .venv-lowest
FAMILIES := .venv-families

.PHONY: demo test coverage test-lowest families-test lint types test-slow wheel-test fuzz environments bench site figures clean

demo: $(RUN)
	$(BIN)/lrviz plot cosine --T_max 32

test: $(DEV)
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile --no-loadscope-reorder $(ARGS)

coverage:
	$(MAKE) test ARGS="--cov $(ARGS)"

test-lowest: $(LOWEST)/.installed
	$(LOWEST)/bin/python -m pytest $(ARGS)

families-test: $(FAMILIES)/.installed
	$(FAMILIES)/bin/python -m pytest -m "not slow and not wheel" tests/families $(ARGS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

test-slow: $(DEV)
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile --no-loadscope-reorder -m slow $(ARGS)

wheel-test: $(DEV)
	$(BIN)/python -m pytest -m wheel tests/project/test_wheel.py $(ARGS)

fuzz: $(DEV)
	$(BIN)/python -m tests.fuzz $(ARGS)

environments: $(DEV)
	$(BIN)/python -m tests.environments $(ARGS)

bench: $(DEV)
	$(BIN)/python -m tests.benchmarks $(ARGS)

site: $(DEV)
	$(BIN)/python -m mkdocs build --strict --quiet

figures: $(DEV)
	$(BIN)/lrviz compare -q \
		"SequentialLR([LinearLR(start_factor=0.01, total_iters=100), CosineAnnealingLR(T_max=900)], milestones=[100])" \
		"OneCycleLR(max_lr=1e-3, total_steps=total_steps)" \
		"CosineAnnealingWarmRestarts(T_0=250)" \
		"MultiStepLR(milestones=[500, 750])" \
		--label "warm-up + cosine" --label "one cycle" --label "warm restarts" --label "multi-step" \
		--epochs 100 --steps-per-epoch 10 --x epoch --size 9x4 -o docs/compare.svg
	$(BIN)/lrviz plot -q cosine --T_max 32 --size 9x4 -o docs/cosine.svg
	$(BIN)/lrviz plot -q plateau --metric docs/examples/val.csv:val_loss --patience 2 --interval epoch --epochs 12 \
		--size 9x5 -o docs/plateau.svg
	$(BIN)/lrviz plot -q cosine --epochs 10 --resume-at 40% --resume-by nothing --size 9x4 -o docs/resumed.svg
	$(BIN)/lrviz render -q cheatsheet --formats svg -o build/cheatsheet
	cp build/cheatsheet/cheatsheet.svg docs/cheatsheet.svg
	$(BIN)/python -m tests.readme

clean:
	rm -rf $(VENV) $(LOWEST) $(FAMILIES) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python $(LOWEST)/bin/python $(FAMILIES)/bin/python:
	@test -n "$(PYTHON)" || { echo "lrviz needs Python 3.11 or newer: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(@:/bin/python=)

$(RUN): pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing lrviz into $(VENV), torch included: this takes a minute"
	$(PIP) --editable .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing lrviz and its development tools into $(VENV), torch included: this takes a minute"
	$(PIP) --editable '.[dev]'
	@touch $(RUN) $@

$(LOWEST)/.installed: pyproject.toml constraints.txt tests/lowest.py | $(LOWEST)/bin/python
	@echo "installing the lowest versions into $(LOWEST), torch included: this takes a minute"
	$(LOWEST)/bin/python tests/lowest.py > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(LOWEST)/constraints.txt \
		--editable '.[test]'
	@touch $@

# Without its operators DeepSpeed compiles nothing. The packages of the last line need others, such as torchvision, only
# for what lrviz does not import.
$(FAMILIES)/.installed: pyproject.toml constraints.txt | $(FAMILIES)/bin/python
	@echo "installing packages of schedulers into $(FAMILIES), torch included: this takes minutes"
	DS_BUILD_OPS=0 $(FAMILIES)/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[families-test]'
	$(FAMILIES)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--no-deps lightning-bolts megatron-core timm
	@touch $@
