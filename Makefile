# Everything happens in .venv, made here on the first call; the libraries of the clients have .venv-clients.
# All paths are relative, so the clone may lie anywhere.
# A file .venv/.NAME is the stamp of a step of the set-up, written when that step has ended well.

venv = .venv

PYTHON ?=#         the interpreter to make .venv with; if empty, the first good one of these:
PYTHONS = python3 python python3.14 python3.13 python3.12 python3.11
ARGS ?=#           more arguments for pytest, as in: make test ARGS="-k nesterov"

python = $(venv)/bin/python
pip = $(python) -m pip install --quiet --disable-pip-version-check
cargo = PYO3_PYTHON="$$PWD/$(python)" cargo
sources = $(shell find rust) $(wildcard .cargo/config.toml rust-toolchain.toml) Cargo.toml Cargo.lock pyproject.toml

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test test-torch test-optax golden test-clients run-clients test-gallery run-gallery gallery draw-gallery check check-workflows wheels check-wheels try-wheels try-elsewhere bench bench-peers count clean FORCE

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s  %s\n", $$1, $$2 }' Makefile

setup: $(venv)/.extension $(venv)/.check ## make .venv with the extension and all tools for development in it

demo: $(venv)/.extension ## train a classifier on real data by gradient ascent, and draw how it went
	@$(python) examples/digits.py

test: $(venv)/.extension $(venv)/.test ## run the Rust tests and pytest
	@$(need_cargo)
	@if cargo nextest --version >/dev/null 2>&1; then $(cargo) nextest run; else $(cargo) test; fi
	@$(python) -m pytest $(ARGS)

test-torch: $(venv)/.extension $(venv)/.test $(venv)/.torch ## install torch for the CPU (1.4 GB) and compare with its optimizers
	@$(python) -m pytest tests/test_family.py tests/test_torch_state.py tests/test_peers.py tests/test_tensors.py tests/test_complex.py \
	    tests/test_schedules.py tests/test_scheduled_steps.py $(ARGS)

test-optax: $(venv)/.extension $(venv)/.test-optax ## install optax and JAX for the CPU and compare with optax's optimizers
	@$(python) -m pytest tests/test_family.py $(ARGS)

golden: $(venv)/.test-optax $(venv)/.torch ## install torch and optax, and record what their optimizers and schedulers do in tests/golden
	@$(python) tests/golden/make.py
	@$(python) tests/golden/make_schedules.py

test-clients: ## install the libraries that steepest has clients for in .venv-clients (2.5 GB) and run every client
	@$(MAKE) --no-print-directory venv=.venv-clients run-clients

run-clients: $(venv)/.extension $(venv)/.clients $(venv)/.torch
	@$(python) -m pytest tests/clients $(ARGS)

test-gallery: ## run all examples, and check the figures they find, in .venv-clients
	@$(MAKE) --no-print-directory venv=.venv-clients run-gallery

run-gallery: $(venv)/.extension $(venv)/.clients $(venv)/.torch
	@OMP_NUM_THREADS=1 $(python) -m pytest tests/gallery $(ARGS)

gallery: ## draw all examples anew, and make their contact sheet
	@$(MAKE) --no-print-directory venv=.venv-clients draw-gallery

draw-gallery: $(venv)/.extension $(venv)/.clients
	@$(python) tools/gallery.py $(ARGS)

check: $(venv)/.extension $(venv)/.check check-workflows ## check the code: rustfmt, clippy, ruff, mypy --strict, stubtest, the workflows
	@$(need_cargo)
	cargo fmt --check
	@$(cargo) clippy --locked --all-targets -- --deny warnings
	$(python) -m ruff check
	$(python) -m ruff format --check
	$(python) -m mypy
	$(python) -m mypy.stubtest steepest._kernels --mypy-config-file pyproject.toml

check-workflows: $(venv)/.check ## check .github by jactionlint and zizmor, without the network
	$(venv)/bin/jactionlint
	$(venv)/bin/zizmor --offline --persona pedantic --quiet .github

wheels: $(venv)/.wheels ## build the sdist and the wheels for Linux and for anywhere, in dist, and check them (8 minutes)
	@$(need_cargo)
	@$(python) tools/wheels.py $(ARGS)
	@$(python) tools/check_wheels.py

check-wheels: $(venv)/.wheels ## check what lies in dist: tags, stable interface, metadata, licences, size
	@$(need_cargo)
	@$(python) tools/check_wheels.py

try-wheels: $(venv)/.made ## run all tests on the wheel in new environments: ARGS="python3.12 python3.13"
	@$(python) tools/try_wheels.py $(ARGS)

try-elsewhere: $(venv)/.made ## run tests on the wheel for aarch64 in a Debian of it, emulated (as root, half an hour)
	@$(python) tools/try_elsewhere.py $(ARGS)

bench: $(venv)/.extension $(venv)/.test ## time steps beside bare C and other libraries, redraw tables and picture (8 minutes)
	@mkdir -p .benchmarks
	@$(python) -m pytest benches --benchmark-only --benchmark-json=.benchmarks/1.json --quiet $(ARGS)
	@$(python) -m pytest benches/bench_peers.py --threads 2 --benchmark-only --benchmark-json=.benchmarks/2.json --quiet $(ARGS)
	@$(python) -m benches.report .benchmarks/1.json .benchmarks/2.json \
	    --pages README.md docs/speed.md --picture docs/pictures/speed.png

bench-peers: $(venv)/.bench-peers $(venv)/.torch ## install the libraries that make bench compares with (2.5 GB)

count: $(venv)/.extension ## count a step's instructions under valgrind, beside the last count
	@$(python) -m benches.count $(ARGS)

clean: ## remove everything that was built, installed or drawn here
	rm -rf .venv .venv-clients target dist .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache pictures
	rm -f python/steepest/_kernels*.so
	find python tests benches examples -name __pycache__ -prune -exec rm -rf {} +


# The set-up

# A virtual environment is bound to its place and to its interpreter: one that was moved, that was made with
# another PYTHON than the one now asked for, or that runs no more, is made anew.
venv_stands = { read -r place && read -r made_with; } <$(venv)/.made && test "$$place" = "$$PWD" && \
    { test -z "$(PYTHON)" || test "$(PYTHON)" = "$$made_with"; } && $(python) -c ""

$(venv)/.made: $(shell { $(venv_stands); } 2>/dev/null || echo FORCE)
	@$(need_cargo)
	@$(find_python); echo "Making $(venv) with $$("$$found" --version)"; \
	rm -rf $(venv) && "$$found" -m venv $(venv) && $(pip) --upgrade pip && printf '%s\n' "$$PWD" "$$found" >$@

# This stamp bears the time when the build began: a source saved during the build is newer.
$(venv)/.extension: $(venv)/.made $(sources) $(if $(wildcard python/steepest/_kernels*.so),,FORCE)
	@$(need_cargo)
	@echo "Building the extension and installing what it needs"; rm -f $@; touch $(venv)/.begun
	@$(pip) --group build
	@$(pip) --no-build-isolation --editable ".[demo]"
	@mv $(venv)/.begun $@

$(addprefix $(venv)/.,test test-optax bench-peers clients check wheels): $(venv)/.%: $(venv)/.made pyproject.toml
	@echo "Installing the tools of make $*"; rm -f $@
	@$(pip) --group $*
	@touch $@

$(venv)/.torch: $(venv)/.test tools/install_torch_cpu.sh tools/torch_cpu_stub.sh
	@echo "Installing torch without its packages for GPUs"; rm -f $@
	@tools/install_torch_cpu.sh $(venv) >/dev/null
	@touch $@

define need_cargo
needed=$$(sed -n 's/^rust-version = "1\.\([0-9]*\).*/\1/p' Cargo.toml); \
there=$$(cargo --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9]*\).*/\1/p'); \
test "$${there:-0}" -ge "$$needed" || { \
    if test "$$there"; then what="cargo 1.$$there is older"; else what="there is no cargo that runs on PATH"; fi; \
    echo "steepest is built with Rust 1.$$needed or newer, and $$what: install it from https://rustup.rs." >&2; \
    exit 1; \
}
endef

define find_python
found=; bare=; \
for candidate in $(if $(PYTHON),"$(PYTHON)",$(PYTHONS)); do \
    "$$candidate" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || continue; \
    if "$$candidate" -c "import ensurepip, venv" 2>/dev/null; then found=$$candidate; break; fi; \
    bare=$$candidate; \
done; \
test "$$found" || { \
    if test "$$bare"; then what="$$bare lacks venv and ensurepip (on Debian: apt install python3-venv)"; \
    else what="$(if $(PYTHON),$(PYTHON) is older or does not run,there is none on PATH that runs)"; fi; \
    echo "steepest needs Python 3.11 or newer, and $$what: install one or name it: make PYTHON=/path/to/python." >&2; \
    exit 1; \
}
endef
