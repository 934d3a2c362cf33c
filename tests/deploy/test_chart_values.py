"""The values of the Helm chart: each is described, has a place in the schema, and is in the README."""

import json
from typing import Any, Final

import jsonschema
import pytest
import yaml

import exporter
from tests.deploy.readme import DEPLOY, ROOT
from tools.chart.values_table import read_values, values_table, with_table

CHART: Final = DEPLOY / "helm" / "redis-vigil"
VALUES: Final = (CHART / "values.yaml").read_text()
SCHEMA: Final = json.loads((CHART / "values.schema.json").read_text())


def test_every_value_says_what_it_means() -> None:
    values = read_values(VALUES)
    assert len(values) > 50
    assert [one.name for one in values if not one.meaning.endswith((".", "]."))] == []


def test_the_table_of_the_readme_is_up_to_date() -> None:
    readme = (CHART / "README.md").read_text()
    assert with_table(readme, read_values(VALUES)) == readme, "run make docs"


def test_a_table_has_a_row_per_value() -> None:
    text = "# Of the file.\n\na:\n  # The first.\n  # Its second line.\n  b: 1\n# All of it.\nc: {d: 2}\n"
    assert values_table(read_values(text)).splitlines()[2:] == [
        "| `a.b` | `1` | The first. Its second line. |",
        '| `c` | `{"d": 2}` | All of it. |',
    ]


def accepts(values: dict[str, Any]) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(values)


def test_the_schema_knows_every_value_and_no_other() -> None:
    values = yaml.safe_load(VALUES)
    accepts(values)
    for path in (one.name.split(".") for one in read_values(VALUES)):
        schema = SCHEMA
        for key in path:
            assert schema["additionalProperties"] is False, path
            schema = schema["properties"][key]


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"replicas": 2}, "replicas"),
        ({"image": {"pullPolicy": "Sometimes"}}, "Sometimes"),
        ({"persistence": {"size": "much"}}, "much"),
        ({"service": {"port": "9121"}}, "9121"),
        ({"secrets": {"a/b": "x"}}, "a/b"),
        ({"ruleFiles": {"own.yml": {"rules": []}}}, "groups"),
        ({"serviceMonitor": {"interval": "15"}}, "15"),
    ],
)
def test_the_schema_refuses_what_cannot_be_meant(values: dict[str, Any], place: str) -> None:
    with pytest.raises(jsonschema.ValidationError, match=place):
        accepts(values)


def test_the_chart_is_of_the_version_of_the_daemon_and_has_its_files() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == chart["version"] == exporter.__version__
    # Links, so that there is one copy of each.
    for name in ("rules", "dashboards"):
        assert (CHART / name).resolve() == ROOT / name
