# Everything a newcomer runs. Each target sets up .venv by itself, from the hash-pinned locks and from whatever
# index pip is configured for. Needed beforehand: Python 3.11 or newer with its venv module, make and git.
.PHONY: profile slow-clients otlp-stream soak dev test check crash demo bench commands docs-kinds lock browsers screenshots evals-check otel-check
BIN := .venv/bin
STAMP := .venv/.stamp
# -qq: pip warns about every index it was told of and did not need; its errors still come through.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
LOCK := $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --python-version 3.11
export PYTHON
# The tests start the bot a hundred times; without kept bytecode each start compiles it anew.
unexport PYTHONDONTWRITEBYTECODE

dev: $(STAMP)
	@echo "Ready: .venv is set up. Next: make demo, make test, make check."

$(STAMP): requirements-dev.lock pyproject.toml
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { python=$$(.ci/find-python) \
		&& echo "Setting up .venv with $$python, once; it takes about a minute." && "$$python" -m venv --clear .venv; }
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

test: $(STAMP) browsers
	@$(BIN)/python -m pytest $(ARGS)

# All tools, side by side; each says all it found, whatever the others found.
check: $(STAMP)
	@.ci/check

# Kills the bot at every point between two durable steps of a whole night, and at random ones. Takes an hour or two.
crash: $(STAMP)
	@$(BIN)/python -m tests.crash.matrix $(ARGS)

demo: $(STAMP)
	@$(BIN)/python -m bot demo $(ARGS)

bench: $(STAMP)
	@$(BIN)/python -m bench $(ARGS)

# Where the processor's time goes while agents breach: bench/out/profile.svg. `ARGS="--format raw"` for folded stacks.
profile: $(STAMP)
	@$(BIN)/python -m bench.paging.flame $(ARGS)

# Do promptfoo, Inspect and DeepEval load the cases? Each in an environment of its own under .evals; minutes, and opt-in.
evals-check: $(STAMP)
	@$(BIN)/python -m tests.documents.evals_check .evals

# Do spans of real frameworks come out right to the last count? Each in an environment of its own; minutes, and opt-in.
otel-check: $(STAMP)
	@$(BIN)/python -m tests.otlp.otel_check .otel $(ARGS)

# The page of slash commands, from the rows of bot/slack/commands/roots.
commands: $(STAMP)
	@$(BIN)/python -c 'from pathlib import Path; from bot.slack.commands.help_text import rewrite; rewrite(Path("docs/commands.md"))'

# What docs/ and fleet.example.yaml say of each kind of source, pager, control and integration, from their folders.
docs-kinds: $(STAMP)
	@$(BIN)/python -c 'from pathlib import Path; from bot.runtime.kind_pages import rewrite; rewrite(Path())'

# 72 scenario hours of random incidents at 120x: 36 minutes. `make soak ARGS="--hours 18 --every 1"` takes nine.
soak: $(STAMP)
	@$(BIN)/python -m bench.soak $(ARGS)

# 5,000 half-sent requests and 200 dripping bodies, held for minutes, while an agent breaches. `ARGS="--minutes 1"` for a taste.
slow-clients: $(STAMP)
	@$(BIN)/python -m bench.slow_clients $(ARGS)

# Spans at a steady rate for an hour: cost, memory, pages beside them. `ARGS="--minutes 10 --rate 3000"` for a taste.
otlp-stream: $(STAMP)
	@$(BIN)/python -m bench.otlp_stream $(ARGS)

# Every card on a phone, and docs/cards.md. Without a font that has emoji (Debian: fonts-noto-color-emoji) they are boxes.
screenshots: $(STAMP) browsers
	@$(BIN)/python -m tests.browser.screenshots $(ARGS)

# Chromium, Prometheus and faketime for the tests marked so: brought where that is possible, named where it is not.
browsers:
	@.ci/browsers

# Existing pins stay; `rm` a lock first to take newer versions. No index address is written into a lock.
lock: $(STAMP)
	@$(PIP) uv
	$(LOCK) --group build -o requirements-build.lock
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock
