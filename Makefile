# The whole development loop; `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEMO := examples/support_desk

.PHONY: demo install test test-desk check docs bench-seam bench-training compare-desk bench-recorder clean format

demo: $(INSTALLED)  ## train on the small corpus and serve the support desk until Ctrl-C
	@test -f $${SUPPORT_DESK_MODELS:-$(DEMO)/models}/current || \
	  (echo "==> training the models on the small corpus"; cd $(DEMO) && $(CURDIR)/$(BIN)/python -m support_desk.training)
	@echo "==> serving: open http://127.0.0.1:8000 in a browser, or try, in another terminal:"
	@echo "    curl -s http://127.0.0.1:8000/triage -H 'content-type: application/json' -d '{\"text\": \"My card was stolen last night\"}'"
	@cd $(DEMO) && exec $(CURDIR)/$(BIN)/amoeba run

install: $(INSTALLED)  ## create .venv with everything the demo and the tests need

$(INSTALLED): pyproject.toml
	@echo "==> creating $(VENV) and installing (a minute the first time)"
	@$(PYTHON) -c 'import sys; sys.exit("Amoeba needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -e '.[dev]'
	@touch $@

test: $(INSTALLED)  ## run the tests, two files at a time
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-desk: $(INSTALLED)  ## the support desk whole: real data, five topologies, two databases, kills
	@$(BIN)/python -m pytest -m acceptance

check: $(INSTALLED)  ## lint, formatting, types, layers, file sizes
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@cd $(DEMO) && MYPYPATH=. $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml support_desk
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@long=$$(git ls-files '*.py' | xargs wc -l | awk '$$2 != "total" && $$1 > 400 {print $$2 ": " $$1 " lines"}'); \
	  test -z "$$long" || { echo "over 400 lines:"; echo "$$long"; exit 1; }

docs: $(INSTALLED)  ## write the generated pages
	@$(BIN)/python -m amoeba.cli.reference > docs/reference/commands.md

bench-seam: $(INSTALLED)  ## measure start, import, a local and a remote call
	@$(BIN)/python bench/seam.py

compare-desk: $(INSTALLED)  ## compare the architectures of the support desk on real data
	@$(BIN)/python bench/compare_desk.py

bench-recorder: $(INSTALLED)  ## what measuring costs: the recorder on and off
	@$(BIN)/python bench/recorder.py

bench-training: $(INSTALLED)  ## what training costs those who are being served
	@$(BIN)/python bench/training.py

format: $(INSTALLED)  ## format and fix what can be fixed
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

clean:  ## remove what the build made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis $(DEMO)/models $(DEMO)/var
