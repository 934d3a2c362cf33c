"""The route tree."""

import subprocess
from pathlib import Path

import pytest

from exporter.alerting.routes import Route, build_route
from exporter.model.labels import Labels
from tests.alerting.own_world import parse
from tests.peers import require_program

CONFIG = """
route:
  receiver: root
  group_by: [alertname]
  group_wait: 10s
  routes:
    - receiver: db
      matchers: [team="db"]
      group_by: [instance, alertname]
      mute_time_intervals: [night]
      routes:
        - match: {severity: page}
          match_re: {zone: eu-.*}
          matchers: ['{kind!="test"}']
          receiver: pager
          group_interval: 1m
          repeat_interval: 1d
          continue: true
        - matchers: [severity=page]
          group_by: ['...']
          group_wait: 0s
    - matchers: [owner=""]
      group_by: []
    - receiver: late
receivers: [{name: root}, {name: db}, {name: pager}, {name: late}]
time_intervals: [{name: night}]
"""


@pytest.fixture
def root() -> Route:
    return build_route(parse(CONFIG).route)


MATCHES: list[tuple[dict[str, str], list[tuple[int, ...]]]] = [
    ({"team": "db"}, [(0,)]),
    ({"team": "db", "severity": "page"}, [(0, 1)]),
    ({"team": "db", "severity": "page", "zone": "eu-1"}, [(0, 0), (0, 1)]),
    ({"team": "db", "severity": "page", "zone": "eu-1", "kind": "test"}, [(0, 1)]),
    ({"team": "db", "severity": "page", "zone": "x-eu-1"}, [(0, 1)]),
    ({"team": "web"}, [(1,)]),
    ({"team": "web", "owner": "me"}, [(2,)]),
    ({}, [(1,)]),
]


@pytest.mark.parametrize(("labels", "paths"), MATCHES)
def test_an_alert_ends_at_these_routes(
    root: Route, labels: dict[str, str], paths: list[tuple[int, ...]]
) -> None:
    assert [route.path for route in root.match(Labels(labels))] == paths


@pytest.mark.peers("amtool")
def test_amtool_finds_the_same_receivers(root: Route, tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(CONFIG)
    command = [str(require_program("amtool")), "config", "routes", "test", f"--config.file={path}"]
    for labels, _ in MATCHES:
        arguments = [f"{name}={value}" for name, value in labels.items()]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, timeout=20)
        ours = ",".join(route.options.receiver for route in root.match(Labels(labels)))
        assert done.stdout.strip() == ours, labels


def test_what_is_inherited(root: Route) -> None:
    database = root.children[0]
    pager, page = database.children
    assert root.options.group_interval == 300
    assert root.options.repeat_interval == 4 * 3600
    assert (pager.options.receiver, pager.options.group_wait) == ("pager", 10)
    assert (pager.options.group_interval, pager.options.repeat_interval) == (60, 86400)
    assert pager.options.group_by == frozenset({"instance", "alertname"})
    assert (page.options.receiver, page.options.group_wait) == ("db", 0)
    # Time intervals are a node's own.
    assert database.options.mute_intervals == ("night",)
    assert pager.options.mute_intervals == ()


def test_a_route_groups_by_its_labels_or_by_all(root: Route) -> None:
    labels = Labels({"alertname": "A", "instance": "1", "x": "y"})
    database, nothing, inherited = root.children
    assert inherited.group_labels(labels) == Labels({"alertname": "A"})
    assert database.group_labels(labels) == Labels({"alertname": "A", "instance": "1"})
    assert database.children[1].group_labels(labels) == labels
    assert nothing.group_labels(labels) == Labels()


def test_keys_are_those_of_alertmanager(root: Route) -> None:
    keys = [route.key for route in root.walk()]
    assert keys == [
        "{}",
        '{}/{team="db"}',
        '{}/{team="db"}/{kind!="test",severity="page",zone=~"^(?:eu-.*)$"}',
        '{}/{team="db"}/{severity="page"}',
        '{}/{owner=""}',
        "{}/{}",
    ]
