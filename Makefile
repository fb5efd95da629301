# The verbs of this project. `make` alone lists them; each line of the list is the comment behind its target.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

jobs := $(shell nproc)
cache := $(or $(HOLDFAST_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/holdfast)
# Node of tools/setup, for machines that have none of their own.
export PATH := $(PATH):$(cache)/node-24.19.0/bin

# Lanes that take seconds; `make test` runs all.
quick_lanes := unit|property|golden|house

.PHONY: help setup build demo check test conformance bench fuzz asan tsan sim format tidy install clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: ## install what is missing for building and for the demo (Debian 12)
	@tools/setup build

build: setup ## the program, at build/holdfast
	@test -e build/CMakeCache.txt || cmake --preset release -DHOLDFAST_TESTS=OFF
	@cmake --build build --target holdfast

demo: build ## the main job on real input: three tables into one warehouse, killed at will, then proven
	@flights=$$(tools/demo/fetch) && build/holdfast demo --input "$$flights"

check: ## build and run the quick tests, below five minutes
	@tools/setup test
	@cmake --preset release -DHOLDFAST_TESTS=ON >/dev/null
	@cmake --build build
	@ctest --test-dir build -L '$(quick_lanes)' --output-on-failure -j$(jobs)

test: ## every test; ctest's labels are the lanes: ctest --test-dir build -L crash
	@tools/setup test
	@cmake --preset release -DHOLDFAST_TESTS=ON
	@cmake --build build
	@ctest --test-dir build --output-on-failure --no-tests=error -j$(jobs)

conformance: ## the whole of librdkafka's own test suite, Kafka's commands side by side, older Java clients, MirrorMaker, Flink (half an hour)
	@tools/setup test
	@cmake --preset release -DHOLDFAST_TESTS=ON >/dev/null
	@cmake --build build --target holdfast
	@ctest --test-dir build -C conformance -L conformance --output-on-failure --no-tests=error

bench: build ## measure against Apache Kafka on this machine, into bench/results/
	@tools/setup bench
	@bench/run

fuzz: ## run each fuzz target for a minute from its stored corpus (SECONDS_EACH=60)
	@tools/setup test
	@tests/fuzz/run --configure --seconds $(or $(SECONDS_EACH),60)

sim: ## simulate the broker for many seeds: SEEDS=200 FROM=1 (TRACE=1: each step of the first)
	@tools/setup test
	@cmake --preset release -DHOLDFAST_TESTS=ON >/dev/null
	@cmake --build build --target simulate
	@build/simulate --seeds $(or $(SEEDS),200) --from $(or $(FROM),1) $(if $(TRACE),--trace) $(if $(WITHOUT),--without $(WITHOUT))

asan: ## the quick tests (or LANES='crash|store') under the address and undefined behaviour sanitizers
	@tools/setup test
	@cmake --preset asan >/dev/null && cmake --build build-asan
	@ctest --test-dir build-asan -L '$(or $(LANES),$(quick_lanes))' -LE house --output-on-failure -j$(jobs)

tsan: ## the quick tests (or LANES=...) under the thread sanitizer
	@tools/setup test
	@cmake --preset tsan >/dev/null && cmake --build build-tsan
	@ctest --test-dir build-tsan -L '$(or $(LANES),$(quick_lanes))' -LE house --output-on-failure -j$(jobs)

format: ## lay out the files that differ from HEAD as .clang-format says
	@git diff --name-only --diff-filter=d HEAD -- '*.cc' '*.h' | xargs -r clang-format-19 -i

tidy: ## clang-tidy on the files that differ from BASE (default HEAD), and the house rules on all
	@python3 tools/tidy.py
	@git diff --name-only --diff-filter=d $(or $(BASE),HEAD) -- 'src/*.cc' | xargs -r -P $(jobs) -n 1 clang-tidy-19 --quiet -p build

install: build ## the program and its library into PREFIX (default: /usr/local)
	@cmake --install build --prefix $(or $(PREFIX),/usr/local)

clean: ## remove what was built; downloads stay in the cache folder
	@rm -rf build build-* demo-data
