# The commands of Genloom. `make` alone prints this list; each does its own set-up and returns fast when it is done.
#
#   PORT=8600         the port of the app               TORCH=cpu|default|cu130   which build of PyTorch
#   HOST=127.0.0.1    the address it listens on         PYTHON=python3.12         which interpreter makes .venv
#   ARGS="-k digits"  more words for test, bench, soak and demos

PORT ?= 8501
HOST ?= 127.0.0.1
TORCH ?= auto
ARGS ?=

NEWEST_FIRST := python3 python3.13 python3.12 python3.11
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifdef PYTHON
EXACT := --exact-python
else
PYTHON := $(shell for name in $(NEWEST_FIRST); do $$name -c '$(IS_NEW_ENOUGH)' 2>/dev/null && echo $$name && break; done)
endif

SETUP = @$(if $(PYTHON),,$(no_python))"$(PYTHON)" -m tools.setup --torch $(TORCH) $(EXACT)
IN_VENV = .venv/bin/python
define no_python
echo "Genloom needs Python 3.11 or newer and found none. On Debian and Ubuntu:" >&2; \
echo "  sudo apt-get install python3 python3-venv     (or name one: make run PYTHON=/path/to/python3.11)" >&2; \
exit 1;
endef

.PHONY: help setup run test check bench soak demos canvas clean

help:  # this list
	@sed -n 's/^\([a-z]*\):[^#]*# /  make \1\t/p' Makefile | expand -t 16

setup:  # make the environment, install the packages, build the canvas
	$(SETUP)

run: setup  # start Genloom and open it in a browser
	@exec $(IN_VENV) -m streamlit run app.py --server.address $(HOST) --server.port $(PORT) \
		--server.headless $(if $(DISPLAY)$(WAYLAND_DISPLAY),false,true)

test:  # run all tests: units, contracts, and the app in a real browser
	$(SETUP) --dev $(if $(filter 0,$(GENLOOM_BROWSER_TESTS)),,--browser)
	@$(IN_VENV) -m pytest $(ARGS)

check:  # check format, lint, types, imports between packages, generated files, TypeScript
	$(SETUP) --dev --no-canvas
	@$(IN_VENV) -m tools.check

bench:  # measure Genloom and compare it with other tools
	$(SETUP) --dev
	@$(IN_VENV) -m benchmarks $(ARGS)

soak:  # run the long tests: kills, restarts and load for minutes
	$(SETUP) --dev
	@$(IN_VENV) -m pytest -m soak $(ARGS)

demos: setup  # compute the stored results of the gallery's demos anew
	@$(IN_VENV) -m pipelines demos $(ARGS)

canvas: setup  # build the canvas bundle from its sources
	@$(IN_VENV) -m canvas.build

clean:  # remove caches and the built canvas; the environment stays (rm -r .venv)
	@rm -rf canvas/frontend/dist canvas/frontend/node_modules test-results .pytest_cache .ruff_cache .mypy_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
