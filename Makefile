# Short names for scripts/.
BUILD ?= build
PREFIX ?= /usr/local
SECONDS ?= 60
SANITIZE ?=
SETUP ?= -Dwerror=true

.PHONY: all deps install test check check-peers bench bench-optimizers fuzz format lint demo clean docs

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@meson setup $(BUILD) $(SETUP)

deps:
	@scripts/deps.sh build

install: all
	@meson configure $(BUILD) --prefix "$(abspath $(PREFIX))"
	@meson install -C $(BUILD)

test: all
	@scripts/deps.sh test
	@python3 scripts/check.py test

check:
	@scripts/deps.sh build check
	@python3 scripts/check.py check --sanitize "$(SANITIZE)"

check-peers:
	@scripts/deps.sh build check peers
	@python3 scripts/check.py peers

bench: all
	@python3 bench/bench.py
	@python3 bench/optimizers.py --quick

# Hours for the peers the first time; what they did is kept.
bench-optimizers: all
	@scripts/venv.sh optimizers
	@python3 bench/optimizers.py --write

fuzz:
	@scripts/deps.sh build check
	@scripts/fuzz.sh $(SECONDS)

format:
	@scripts/format.sh

lint:
	@scripts/deps.sh build check
	@python3 scripts/check.py lint

# What is generated from the table of commands and committed.
docs: all
	@$(BUILD)/guild-docs reference > docs/commands.md
	@$(BUILD)/guild-docs guild-yml > docs/guild-yml.md

demo:
	@scripts/demo.sh

clean:
	@rm -rf build build-*
