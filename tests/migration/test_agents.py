"""Files of Telegraf, Datadog and Netdata as people have them: what comes of them, and what is said."""

from pathlib import Path

import pytest

from exporter.config.document import Document
from exporter.drafts import Draft
from exporter.migration.datadog import migrate_datadog
from exporter.migration.netdata import migrate_netdata
from exporter.migration.telegraf import migrate_telegraf
from exporter.reload import Source, load_plan
from tests.migration.golden_cases import cases_of, run_case

ENVIRONMENT = {"REDIS_HOST": "cache-7.example.com", "SAMPLE_SECONDS": "30", "EMPTY": ""}


def telegraf(directory: Path) -> Draft:
    path = directory / "telegraf.conf"
    return migrate_telegraf(path.read_text(), "telegraf.conf", directory, ENVIRONMENT)


def datadog(directory: Path) -> Draft:
    return migrate_datadog(Document.load(directory / "conf.yaml", "conf.yaml"))


def netdata(directory: Path) -> Draft:
    return migrate_netdata(Document.load(directory / "redis.conf", "redis.conf"))


PROGRAMS = {"telegraf": telegraf, "datadog": datadog, "netdata": netdata}


@pytest.mark.parametrize(
    ("program", "case"), [(program, case) for program in PROGRAMS for case in cases_of(program)]
)
def test_a_file_becomes_a_configuration_that_the_daemon_takes(
    program: str, case: str, tmp_path: Path
) -> None:
    output = run_case(program, case, tmp_path, PROGRAMS[program])
    if output is not None:
        assert load_plan(Source(output / "config.yml")).targets
