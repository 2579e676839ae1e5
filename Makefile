# make run    the main job, on the documentation of the installed Python environment, in ./demo
# make test   the tests, offline
# make lint   the linters
# make bench  the measurements that docs and README quote, peers side by side

PYTHON ?= python3
# Where a machine without a GPU finds the CPU build of torch, when the default index has only the CUDA build.
TORCH_INDEX ?=
PIP = bin/pip install --quiet --disable-pip-version-check -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
# The demo reads the documentation of the environment that it runs in, so the tests' packages live in another one.
RUN_ENV = .venv
DEV_ENV = .venv-dev

.PHONY: run test lint bench format clean

run: $(RUN_ENV)/.ready
	@test -e demo/project.toml || $(RUN_ENV)/bin/octavo new demo
	@$(RUN_ENV)/bin/octavo run --project demo

test: $(DEV_ENV)/.ready
	$(DEV_ENV)/bin/python -m pytest

lint: $(DEV_ENV)/.ready
	$(DEV_ENV)/bin/ruff check
	$(DEV_ENV)/bin/ruff format --check
	$(DEV_ENV)/bin/mypy
	$(DEV_ENV)/bin/lint-imports

format: $(DEV_ENV)/.ready
	$(DEV_ENV)/bin/ruff check --fix
	$(DEV_ENV)/bin/ruff format

bench: $(DEV_ENV)/.ready
	$(DEV_ENV)/bin/python bench/training.py --repeats 7 --steps 12
	for subject in race lora mezo compile distributed tuning seed knowledge graph link memory dedup repeats quality reading personal contamination annotation tokenizer audit; do \
	    $(DEV_ENV)/bin/python bench/$$subject.py; done
	$(MAKE) run
	for probe in src/octavo/apps/own_model/probe.jsonl bench/probe/plain.jsonl bench/probe/fresh.jsonl; do \
	    $(RUN_ENV)/bin/python bench/retrieval.py evaluate "$$($(RUN_ENV)/bin/octavo show clean --project demo --json | \
	        $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["folder"])')" $$probe; done

$(RUN_ENV)/.ready: pyproject.toml constraints.txt
	@echo "installing into $(RUN_ENV) (a minute or two)"
	@test -x $(RUN_ENV)/bin/python || $(PYTHON) -m venv $(RUN_ENV)
	@PIP_CONSTRAINT=constraints.txt $(RUN_ENV)/$(PIP) -e '.[train,serve]'
	@touch $@

$(DEV_ENV)/.ready: pyproject.toml constraints.txt
	@echo "installing into $(DEV_ENV) (a minute or two)"
	@test -x $(DEV_ENV)/bin/python || $(PYTHON) -m venv $(DEV_ENV)
	@PIP_CONSTRAINT=constraints.txt $(DEV_ENV)/$(PIP) -e '.[dev,bench]'
	@touch $@

clean:
	rm -rf $(RUN_ENV) $(DEV_ENV) demo
