# Two commands: `make demo` shows the daemon at work, `make test` passes all tests.
# They need python3 (3.11 or newer), make and PyPI; everything goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Most tests wait for something; four processes are right for two processors, and enough for more.
WORKERS ?= 4

.PHONY: help demo test coverage lint format dashboards docs site dist protocol clean

help:
	@echo "make demo        the daemon on an embedded server with a lively workload"
	@echo "make test        all tests, in WORKERS=4 processes; PYTEST_ARGS=... for less"
	@echo "make coverage    the same, and which lines of exporter/ none of them reaches"
	@echo "make lint        ruff and mypy"
	@echo "make format      let ruff format the code"
	@echo "make dashboards  write dashboards/*.json anew"
	@echo "make docs        bring docs/configuration.md, metrics.md, rules_reference.md, verified.md, commands.md, man page and help up to date"
	@echo "make site        the documentation as a site, in build/site"
	@echo "make dist        wheel and sdist in dist/, the same bytes each time for the same commit"
	@echo "make protocol    generate the Python of exporter/remote/protocol/*.proto anew"
	@echo "make clean       remove what the above made"

# Groups of dependencies (PEP 735) need pip 25.1.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "redis-vigil needs Python 3.11 or newer; $(PYTHON) is older or missing. Name another one: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "cannot make a virtual environment; on Debian and Ubuntu install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[demo]' --group dev
	@touch $@

demo: $(STAMP)
	@exec $(BIN)/redis-vigil demo

test: $(STAMP)
	@exec $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(PYTEST_ARGS)

# Fails below the floor in pyproject.toml; the report is in htmlcov/.
coverage: $(STAMP)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal --cov --cov-report=term --cov-report=html $(PYTEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

dashboards: $(STAMP)
	$(BIN)/python -m tools.dashboards dashboards

docs: $(STAMP)
	$(BIN)/python -m exporter.config.reference docs/configuration.md
	$(BIN)/python -m tests.crossings.page docs/verified.md
	$(BIN)/python -m exporter.metrics_reference.page docs/metrics.md
	$(BIN)/python -m exporter.rule_export.reference docs/rules_reference.md
	$(BIN)/python -m exporter.migration.redis_exporter.page docs/redis_exporter.md
	$(BIN)/python -m exporter.cli.help
	$(BIN)/python -m exporter.cli.reference
	$(BIN)/redis-vigil rules --kubernetes --output deploy/kubernetes/components/prometheus-operator/rules
	$(BIN)/python -m tools.chart.values_table deploy/helm/redis-vigil

site: $(STAMP)
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/python -m mkdocs build --quiet
	@echo "build/site/index.html"

# Files in the packages have the time of the commit; outside a clone hatch has one of its own.
dist: $(STAMP)
	rm -rf dist
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null)} $(BIN)/python -m build --quiet
	$(BIN)/python -m twine check --strict dist/*

# Another version of grpcio-tools makes files for another range of protobuf: see pyproject.toml.
protocol: $(STAMP)
	$(BIN)/python -m venv build/protocol
	build/protocol/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	build/protocol/bin/python -m pip install --quiet --group protocol
	build/protocol/bin/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. exporter/remote/protocol/*.proto

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
