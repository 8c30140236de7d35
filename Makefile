# make chat: set everything up and talk. make test: set everything up and run all tests.
# make unit: the quick tests; make slow: those that start many processes; make check: lint and types.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TORCH ?= torch==2.13.0
MEMORY ?= default
# containers often forbid it: then each process of the tests compiles everything anew, seconds each
export PYTHONDONTWRITEBYTECODE :=

# the library alone, without llama.cpp's tools: half the time to compile
CMAKE_ARGS ?=
export CMAKE_ARGS += -DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama_cpp_INCLUDE='$(CURDIR)/.ci/only-llama.cmake'
# GCC's code for AMX (a recent Xeon) crashes in llama.cpp (its pull request 26954): there it is compiled without
ifneq ($(shell grep -ws amx_int8 /proc/cpuinfo),)
PLAIN := -mno-amx-tile -mno-amx-int8 -mno-amx-bf16
CMAKE_ARGS += -DCMAKE_C_FLAGS='$(PLAIN)' -DCMAKE_CXX_FLAGS='$(PLAIN)'
endif

.PHONY: chat test unit slow check setup backbone

chat: backbone
	@$(BIN)/titans-edge chat --memory $(MEMORY)

test: unit slow check backbone
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m real

unit: setup
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not real and not slow"

slow: setup
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "slow and not real"

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# convert/ is titans_edge.convert once installed: types are checked where it is that
	rm -rf $(VENV)/types && mkdir -p $(VENV)/types && cp -R titans_edge $(VENV)/types/ && cp -R convert $(VENV)/types/titans_edge/
	cd $(VENV)/types && $(abspath $(BIN))/mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache/types

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	@echo "Setting up: llama-cpp-python is compiled from source, some minutes on two cores (once)."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	@# a plain torch brings several GB of CUDA; where pip knows an index of CPU builds, this takes that
	$(BIN)/python -m pip install -q "$(TORCH)"
	$(BIN)/python -m pip install -q -e ".[dev]"
	@touch $@

backbone: setup
	@# fast when it is there: only a file that was changed since it was checked is read again
	@$(BIN)/titans-edge pull > /dev/null
