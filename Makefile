# Two commands do everything on a fresh machine with Python 3.11 to 3.13: `make demo`, `make test`.

# The Python to use; without it envs/find-python.sh takes the first that fits.
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
RUN := PATH="$(CURDIR)/$(BIN):$$PATH"
CONFIG_HOME := $(or $(XDG_CONFIG_HOME),$(HOME)/.config)
OLDEST := 3.11
NEWEST := 3.13
ON_EACH_PYTHON := tests/unit/test_archives.py tests/unit/provenance/test_store.py \
  tests/unit/provenance/test_code.py tests/workflow/test_ensemble.py
PROFILES := $(filter-out default,$(notdir $(wildcard profiles/*)))

.PHONY: demo formats test lint types unit workflow test-slurm test-pythons profiles explain bench lock schema clean help

help:            ## What can be made
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo: $(VENV)/cpu  ## The miniature benchmark, offline, and its report
	@$(BIN)/python -m compileall -q scripts
	@$(RUN) PYTHONPATH="$(CURDIR)/scripts/progress" snakemake --logger progress
	@echo "The report is report/index.html, the tables are in tables/."

formats: $(VENV)/cpu $(VENV)/formats  ## Read DICOM, NRRD, MetaImage and OME-Zarr too

test: $(VENV)/dev lint types  ## Everything that CI checks
	@echo "Unit tests and tests on Slurm run side by side: the latter mostly wait"
	@$(MAKE) --no-print-directory -j 2 --output-sync=target unit test-slurm
	@$(MAKE) --no-print-directory workflow test-pythons

lint: $(VENV)/dev  ## Format and style of Python and of the workflow
	$(RUN) ruff format --check scripts tests profiles
	$(RUN) ruff check scripts tests profiles
	$(RUN) snakefmt --check Snakefile rules
	$(RUN) snakemake --lint
	PYTHONPATH=scripts $(BIN)/python -m segbench.config --check

types: $(VENV)/dev  ## Types of the library
	$(RUN) mypy
	$(RUN) mypy --strict profiles/kubernetes/jobs.py
	$(RUN) mypy --strict scripts/progress

unit: $(VENV)/dev  ## Tests of the library
	PYTHONHASHSEED=0 $(RUN) pytest -q -n 2 --dist loadfile tests/unit --doctest-modules scripts/segbench

workflow: $(VENV)/dev  ## Tests that run the real Snakemake
	$(RUN) pytest -q -n 2 --dist loadfile tests/workflow

test-slurm: $(VENV)/dev  ## Tests on a real Slurm that they start; says why where none can be had
	$(RUN) pytest -q -rs tests/slurm

test-pythons: $(foreach version,$(OLDEST) $(NEWEST),test-python-$(version))  ## Archives, store and a training on the oldest and the newest Python

test-python-%: $(VENV)/dev
	@python=$$(envs/find-python.sh $*) || { echo "Skipped the tests on Python $*"; exit 0; }; \
	if $(BIN)/python -c 'import sys; sys.exit("$*" != "%d.%d" % sys.version_info[:2])'; then \
	  echo "Python $* runs all tests"; exit 0; fi; \
	$$python -m venv .venv-$* && \
	$(BIN)/uv pip install -q --python .venv-$*/bin/python --compile-bytecode --require-hashes -r envs/dev.lock && \
	PATH="$(CURDIR)/.venv-$*/bin:$$PATH" .venv-$*/bin/python -m pytest -q $(ON_EACH_PYTHON)

profiles: $(VENV)/cpu  ## Make the profiles known by name: snakemake --profile slurm-gpu
	@mkdir -p "$(CONFIG_HOME)/snakemake"
	@for name in $(PROFILES); do \
	  ln -sfn "$(CURDIR)/profiles/$$name" "$(CONFIG_HOME)/snakemake/$$name"; done
	@echo "Linked in $(CONFIG_HOME)/snakemake: $(PROFILES)"

explain: $(VENV)/cpu  ## Why jobs would rerun, and at what cost: make explain STUDY=name
	@$(RUN) python scripts/explain.py $(STUDY)

bench: $(VENV)/dev  ## Measurements against peers and physical limits, as a table
	PYTHONPATH=scripts:tests $(BIN)/python tests/bench

schema: $(VENV)/cpu  ## Regenerate config/schema.json and the reference of the config
	PYTHONPATH=scripts $(BIN)/python -m segbench.config

# The environment: pinned, hashed, and compiled (else every job compiles TensorFlow anew where
# Python writes no bytecode, as in many containers). `cpu` runs the workflow, `formats` adds the
# rarer image formats, `dev` these and what the tests need.
$(VENV)/cpu $(VENV)/dev $(VENV)/formats: $(VENV)/%: envs/%.lock envs/bootstrap.lock
	@test -x $(BIN)/pip || { python=$$(envs/find-python.sh $(PYTHON)) && \
	  echo "Making the environment in $(VENV) with $$python" && $$python -m venv $(VENV); }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r envs/bootstrap.lock
	$(BIN)/uv pip install --python $(BIN)/python --compile-bytecode --require-hashes -r envs/$*.lock
	@touch $@

lock:            ## Pin the newest versions that envs/*.in allow
	for name in bootstrap cpu dev gpu; do \
	  $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header -o envs/$$name.lock envs/$$name.in || exit 1; done
	for name in formats kubernetes; do \
	  $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header -c envs/cpu.lock -o envs/$$name.lock envs/$$name.in || exit 1; done

clean:           ## Remove outputs; keeps the store, the environment and downloaded data
	rm -rf results tables report logs inventory .snakemake
