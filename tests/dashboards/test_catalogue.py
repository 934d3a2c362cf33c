"""The committed dashboards: as generated, as Grafana's types have them, and complete."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.dashboards.boards import FILES, ROOT, load, panels
from tools.dashboards.catalogue import generate

_COLUMNS = 24
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def test_what_is_committed_is_what_is_generated() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FILES}
    assert committed == generate(), "run `make dashboards` and commit what it writes"


def test_uids_never_change() -> None:
    assert {path.stem: load(path)["uid"] for path in FILES} == {
        "alerts": "redis-vigil-alerts",
        "fleet": "redis-vigil-fleet",
        "instance": "redis-vigil-instance",
        "keyspace": "redis-vigil-keyspace",
        "queues": "redis-vigil-queues",
        "slow": "redis-vigil-slow",
    }


@each_file
def test_the_types_of_grafana_read_and_write_it(path: Path) -> None:
    register_default_plugins()
    board = load(path)
    again = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    assert again == board


@each_file
def test_only_the_variable_names_a_data_source(path: Path) -> None:
    found = list(_values(load(path), "datasource"))
    assert found
    assert {json.dumps(value, sort_keys=True) for value in found} == {
        '{"type": "prometheus", "uid": "${datasource}"}'
    }


def _values(node: Any, name: str) -> list[Any]:
    if isinstance(node, dict):
        own = [node[name]] if name in node else []
        return own + [found for value in node.values() for found in _values(value, name)]
    if isinstance(node, list):
        return [found for value in node for found in _values(value, name)]
    return []


@each_file
def test_panels_have_numbers_and_places_of_their_own(path: Path) -> None:
    every = load(path)["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    boxes = [(panel["title"], panel["gridPos"]) for panel in every]
    for title, box in boxes:
        assert box["x"] + box["w"] <= _COLUMNS, title
    for (first, one), (second, other) in itertools.combinations(boxes, 2):
        assert not _overlap(one, other), f"{first} and {second}"


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


@each_file
def test_lines_of_panels_are_full(path: Path) -> None:
    lines: dict[int, int] = {}
    for panel in load(path)["panels"]:
        place = panel["gridPos"]
        lines[place["y"]] = lines.get(place["y"], 0) + place["w"]
    assert set(lines.values()) == {_COLUMNS}


@each_file
def test_every_panel_says_what_is_normal_and_what_it_has_not(path: Path) -> None:
    for panel in panels(load(path)):
        title, defaults = panel["title"], panel["fieldConfig"]["defaults"]
        assert len(panel["description"]) > 40, title
        assert defaults["unit"], title
        assert defaults["thresholds"]["steps"], title
        assert defaults["noValue"], title
        assert "no data" not in defaults["noValue"].lower(), title
        assert panel["targets"], title
    normal = [panel["title"] for panel in panels(load(path)) if "ormal" not in panel["description"]]
    # What is neither normal nor not: a name, a state.
    assert set(normal) <= {"State", "Role and version", "Uptime", "Firing alerts", "Keys"}


@each_file
def test_links_carry_the_variables(path: Path) -> None:
    (link,) = load(path)["links"]
    assert link["includeVars"]
    assert link["keepTime"]
    assert link["tags"] == load(path)["tags"] == ["redis-vigil"]
    uids = {load(each)["uid"] for each in FILES}
    for url in _values(load(path)["panels"], "url"):
        assert re.fullmatch(r"/d/([\w-]+)\?.*", url)[1] in uids  # type: ignore[index]  # None fails as well
        for part in ("${datasource:queryparam}", "${job:queryparam}", "${__url_time_range}"):
            assert part in url


def test_the_fleet_leads_to_each_instance() -> None:
    urls = _values(load(ROOT / "dashboards" / "fleet.json"), "url")
    assert any(url.startswith("/d/redis-vigil-instance?") and "var-instance=" in url for url in urls)


@each_file
def test_restarts_failovers_and_alerts_are_marked(path: Path) -> None:
    marks = [mark["name"] for mark in load(path)["annotations"]["list"]]
    assert marks == ["Restarts", "Failovers", "Firing alerts"]


@each_file
def test_variables_come_from_the_data_source_and_depend_on_those_before(path: Path) -> None:
    variables = load(path)["templating"]["list"]
    names = [variable["name"] for variable in variables]
    assert names[:3] == ["datasource", "job", "instance"]
    text = path.read_text(encoding="utf-8")
    for name in names:
        assert re.search(rf"\$\{{?{name}\b", text), f"nothing uses the variable {name}"
    used = set(re.findall(r"=~\\\"\$(\w+)", text))
    assert used <= set(names)
