"""Files `prometheus.yml` as people have them: what comes of them, and what is said."""

import json
from pathlib import Path

import pytest

from exporter.config.discovery import FileSection
from exporter.config.document import Document
from exporter.discovery.base import Template
from exporter.discovery.groups import Groups
from exporter.drafts import Draft
from exporter.migration.prometheus import Choices, migrate_prometheus
from exporter.migration.prometheus.exporters import Exporters
from exporter.reload import Source, load_plan
from tests.migration.golden_cases import cases_of, run_case

ENVIRONMENT = {"REGION": "eu-1", "EMPTY": ""}


def found_by(section: FileSection, address: str) -> tuple[str, str]:
    """The name of a server that a source finds, and where it is reached."""
    made = Groups(Template.of(section)).read([{"targets": [address]}])
    (found,) = made.found
    return found.target.instance, str(found.target.address)


def test_servers_that_are_found_keep_the_names_that_they_had_in_prometheus(tmp_path: Path) -> None:
    output = run_case("prometheus", "discovery", tmp_path, migrate)
    assert output is not None
    behind_one_exporter, sidecars = load_plan(Source(output / "config.yml")).config.discovery.file
    assert found_by(behind_one_exporter, "redis://a:6379") == ("redis://a:6379", "redis://a:6379")
    assert found_by(sidecars, "10.0.0.1:9121") == ("10.0.0.1:9121", "redis://10.0.0.1:6379")
    assert found_by(sidecars, "[::1]:9121") == ("[::1]:9121", "redis://[::1]:6379")


def migrate(directory: Path) -> Draft:
    """With the choices of the case, which stand in `choices.json`."""
    path = directory / "choices.json"
    given = json.loads(path.read_text()) if path.exists() else {}
    manager, passwords = given.get("alertmanager"), given.get("passwords")
    choices = Choices(
        given.get("jobs", ()),
        Exporters.parse(given.get("exporters", ()), directory / passwords if passwords else None),
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


def test_a_password_in_the_address_of_a_target_is_no_part_of_the_name_of_its_server(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text(
        "scrape_configs:\n"
        "  - job_name: redis\n"
        "    metrics_path: /scrape\n"
        '    static_configs: [{targets: ["rediss://app:hunter2@cache:6380", "redis://:hunter2@queue:6379"]}]\n'
        "    relabel_configs:\n"
        "      - {source_labels: [__address__], target_label: __param_target}\n"
        "      - {source_labels: [__param_target], target_label: instance}\n"
        "      - {target_label: __address__, replacement: 'exporter:9121'}\n"
    )
    draft = migrate(tmp_path)
    assert "instance: rediss://app@cache:6380\n" in draft.files["config.yml"]
    assert "instance: redis://queue:6379\n" in draft.files["config.yml"]
    said = [*draft.found, *draft.differs, *draft.files, draft.files["config.yml"]]
    assert not any("hunter2" in text for text in said)
    assert sum("without the password" in sentence for sentence in draft.differs) == 2
