"""Files `prometheus.yml` as people have them: what comes of them, and what is said."""

import json
from pathlib import Path

import pytest

from exporter.config.document import Document
from exporter.drafts import Draft
from exporter.migration.prometheus import Choices, migrate_prometheus
from exporter.migration.prometheus.exporters import Exporters
from exporter.reload import Source, load_plan
from tests.migration.golden_cases import cases_of, run_case

ENVIRONMENT = {"REGION": "eu-1", "EMPTY": ""}


def migrate(directory: Path) -> Draft:
    """With the choices of the case, which stand in `choices.json`."""
    path = directory / "choices.json"
    given = json.loads(path.read_text()) if path.exists() else {}
    manager = given.get("alertmanager")
    choices = Choices(
        given.get("jobs", ()),
        Exporters.parse(given.get("exporters", ())),
        directory / manager if manager else None,
        ENVIRONMENT,
    )
    return migrate_prometheus(Document.load(directory / "prometheus.yml", "prometheus.yml"), choices)


@pytest.mark.parametrize("case", cases_of("prometheus"))
def test_a_file_becomes_a_configuration_that_the_daemon_takes(case: str, tmp_path: Path) -> None:
    output = run_case("prometheus", case, tmp_path, migrate)
    if output is not None:
        plan = load_plan(Source(output / "config.yml"))
        assert plan.targets or not plan.config.discovery.is_empty
