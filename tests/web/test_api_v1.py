"""Prometheus' HTTP API over a store with known samples."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.types import ASGIApp

from exporter.config.main import Config
from exporter.model.duration import format_duration
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Limits
from exporter.store import Store
from exporter.web.api_v1 import (
    cardinality,
    configuration,
    cooperative,
    expressions,
    features,
    rules,
    series,
    status,
    targets,
)
from exporter.web.api_v1 import query as query_module
from exporter.web.api_v1.encode import encode_result
from exporter.web.api_v1.query import LIMITS
from tests.clocks import FrozenClock
from tests.web.asgi import request
from tests.web.directory import Alertmanagers, Current, LastReload, Rules, Watched

START = 1_700_000_000
END = START + 600
HITS = Family("hits_total", Kind.COUNTER, "Times that a key was found.", ("instance",))
UP = Family("up", Kind.GAUGE, "Whether it is up.")


@pytest.fixture(scope="module")
def store() -> Store:
    """Two counters and a gauge, every 10 s for 10 minutes."""
    layout = Layout(
        [*(Point(HITS, "", Labels({"instance": name})) for name in ("a", "b")), Point(UP, "", Labels())]
    )
    filled = Store()
    for number in range(61):
        values = [number * 10.0, number * 20.0, 1.0]
        filled.append(Sample("here", (START + number * 10) * 1000, layout, values))
    return filled


@pytest.fixture(scope="module")
def app(store: Store) -> ASGIApp:
    clock, executor = FrozenClock(END), cooperative.CooperativeExecutor()
    config = Config.model_validate({"global": {"external_labels": {"cluster": "test"}}, "rule_files": []})
    return Starlette(
        routes=[
            *query_module.routes(Engine(store, LIMITS), clock, executor),
            *expressions.routes(clock),
            *series.routes(store, clock, executor),
            *rules.routes(Rules(), clock),
            *status.routes(store, clock, LastReload()),
            *cardinality.routes(store, clock, executor),
            *targets.routes(Watched(), store, clock, executor),
            *features.routes(Current(config)),
            *configuration.routes(Current(config), Alertmanagers(["http://am:9093"])),
        ]
    )


def ask(app: ASGIApp, path: str, **parameters: Any) -> Any:
    """The data of a good answer; asked as a GET."""
    response = request(app, "GET", f"/api/v1/{path}", params=parameters)
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["status"] == "success"
    return body["data"]


def refuse(response: httpx.Response) -> tuple[int, str, str]:
    """Status, kind and sentence of a refusal."""
    body = response.json()
    assert body["status"] == "error"
    return response.status_code, body["errorType"], body["error"]


def test_instant_queries_of_every_type(app: ASGIApp) -> None:
    assert ask(app, "query", query="up") == {
        "resultType": "vector",
        "result": [{"metric": {"__name__": "up"}, "value": [END, "1"]}],
    }
    assert ask(app, "query", query="1.5") == {"resultType": "scalar", "result": [END, "1.5"]}
    assert ask(app, "query", query='"x"') == {"resultType": "string", "result": [END, "x"]}
    assert ask(app, "query", query="up[15s]") == {
        "resultType": "matrix",
        "result": [{"metric": {"__name__": "up"}, "values": [[END - 10, "1"], [END, "1"]]}],
    }


@pytest.mark.parametrize(
    ("text", "shown"), [("1/0", "+Inf"), ("-1/0", "-Inf"), ("0/0", "NaN"), ("1e21", "1" + "0" * 21)]
)
def test_numbers_as_go_writes_them(app: ASGIApp, text: str, shown: str) -> None:
    assert ask(app, "query", query=text)["result"] == [END, shown]


def test_tiny_values_of_series_have_an_exponent_and_scalars_have_none(app: ASGIApp) -> None:
    assert ask(app, "query", query="vector(1e-7)")["result"][0]["value"] == [END, "1e-07"]
    assert ask(app, "query", query="1e-7")["result"] == [END, "0.0000001"]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (str(START), START),
        (f"{START}.5", START + 0.5),
        ("1.7e9", START),
        ("2023-11-14T22:13:20Z", START),
        ("2023-11-14T23:13:20.250+01:00", START + 0.25),
        ("2023-11-14T22:13:20.123456789Z", START + 0.123),
        ("2023-11-14T22:13:20.9999Z", START + 0.999),
        ("2023-11-14T22:13:20,5Z", START + 0.5),
        ("1_700_000_000", START),
        ("-1.5", -1.5),
        ("2023-11-15T22:13:20+24:00", START),
        ("2023-11-13T22:14:20-23:59", START),
        ("2023-11-14T1:13:20-21:00", START),
    ],
)
def test_times_in_every_notation(app: ASGIApp, written: str, seconds: float) -> None:
    assert ask(app, "query", query="time()", time=written)["result"] == [seconds, str(seconds)]


def test_a_form_is_as_good_as_a_query_string(app: ASGIApp) -> None:
    response = request(app, "POST", "/api/v1/query", data={"query": "up", "time": str(END)})
    assert response.json()["data"]["result"][0]["value"] == [END, "1"]
    form = {"match[]": ["up", "hits_total"]}
    found = request(app, "POST", "/api/v1/series", data=form).json()["data"]
    assert len(found) == 3
    parts = {"query": (None, "up * 3"), "time": (None, str(END))}
    response = request(app, "POST", "/api/v1/query", files=parts)
    assert response.json()["data"]["result"][0]["value"] == [END, "3"]
    # What the form says goes before what the URL says.
    response = request(
        app, "POST", "/api/v1/query", params={"query": "time()"}, data={"query": "1", "time": END}
    )
    assert response.json()["data"]["result"] == [END, "1"]
    broken = {"content-type": "multipart/form-data; boundary=x"}
    response = request(app, "POST", "/api/v1/query", content=b"--x\r\nnothing", headers=broken)
    assert "no expression found" in refuse(response)[2]
    assert request(app, "POST", "/api/v1/labels").json()["data"] == ["__name__", "instance"]


def test_a_range_query(app: ASGIApp) -> None:
    found = ask(app, "query_range", query="rate(hits_total[1m])", start=END - 60, end=END, step="30s")
    assert found == {
        "resultType": "matrix",
        "result": [
            {"metric": {"instance": name}, "values": [[END - 60, rate], [END - 30, rate], [END, rate]]}
            for name, rate in (("a", "1"), ("b", "2"))
        ],
    }


def test_as_many_points_as_prometheus_allows(app: ASGIApp) -> None:
    found = ask(app, "query_range", query="time()", start=0, end=11_000, step=1)
    assert len(found["result"][0]["values"]) == 11_001


def test_a_long_range_in_turns_is_that_of_one_turn(
    app: ASGIApp, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cooperative, "TIME_SLICE_SECONDS", 0.0)
    text = "sum by (instance) (rate(hits_total[1m])) * 3"
    found = ask(app, "query_range", query=text, start=START, end=END, step=1)
    whole = Engine(store).range(query_module._parse_once(text), START * 1000, END * 1000, 1000)
    assert found == json.loads(encode_result(whole, END * 1000).whole)
    edges = ask(app, "query_range", query="sum(up @ end())", start=END - 10, end=END, step=1)
    assert len(edges["result"][0]["values"]) == 11


FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-datax", ""])
def test_what_is_posted_as_no_form_gives_no_parameters(app: ASGIApp, kind: str) -> None:
    response = request(app, "POST", "/api/v1/query", content="query=1", headers={"content-type": kind})
    assert refuse(response)[:2] == (400, "bad_data")
    for kind in ("application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-URLEncoded"):
        response = request(app, "POST", "/api/v1/query", content="query=1", headers={"content-type": kind})
        assert response.status_code == 200


@pytest.mark.parametrize(
    ("malformed", "fault"),
    [
        ("x=%zz", 'invalid URL escape "%zz"'),
        ("x=5%", 'invalid URL escape "%"'),
        ("%a=5", 'invalid URL escape "%a"'),
        ("x=1;y=2", "invalid semicolon separator in query"),
    ],
)
def test_a_malformed_field_is_left_out_and_lists_of_series_and_rules_refuse_it(
    app: ASGIApp, malformed: str, fault: str
) -> None:
    query = f"query=1%2B1&time={END}&{malformed}"
    for response in (
        request(app, "POST", "/api/v1/query", content=query, headers=FORM),
        request(app, "GET", f"/api/v1/query?{query}"),
    ):
        assert response.json()["data"]["result"] == [END, "2"]
    response = request(app, "POST", "/api/v1/series", content=f"match[]=up&{malformed}", headers=FORM)
    assert refuse(response) == (400, "bad_data", f"error parsing form values: {fault}")
    if ";" in malformed:
        response = request(app, "GET", f"/api/v1/rules?{malformed}")
        assert refuse(response) == (400, "bad_data", f"error parsing form values: {fault}")


def test_too_many_fields_are_refused(app: ASGIApp) -> None:
    response = request(app, "GET", "/api/v1/query?" + "&".join(["a=1"] * 1001))
    assert refuse(response)[:2] == (400, "bad_data")


def test_a_span_is_whole_nanoseconds_and_then_whole_milliseconds(app: ASGIApp) -> None:
    found = ask(app, "query_range", query="time()", start=1, end=1.004, step="0.0015")
    assert [at for at, _ in found["result"][0]["values"]] == [1, 1.001, 1.002, 1.003, 1.004]


def test_computed_durations_follow_the_step_and_the_range_of_the_query(app: ASGIApp) -> None:
    for step, count in ((30, "3"), (60, "6"), (30, "3")):
        found = ask(app, "query_range", query="count_over_time(up[step()])", start=END, end=END, step=step)
        assert found["result"][0]["values"] == [[END, count]]
    span = {"start": END - 120, "end": END, "step": 60}
    found = ask(app, "query_range", query="count_over_time(up[range() / 2])", **span)
    assert [value for _, value in found["result"][0]["values"]] == ["6", "6", "6"]
    refused = request(app, "GET", "/api/v1/query", params={"query": "count_over_time(up[step()])"})
    assert refuse(refused) == (
        400,
        "bad_data",
        'invalid parameter "query": 19:25: duration must be greater than 0',
    )
    assert ask(app, "parse_query", query="up[2 * step()]")["rangeExpr"] == {
        "type": "durationExpr",
        "op": "*",
        "lhs": {"type": "numberLiteral", "val": "2", "duration": False},
        "rhs": {"type": "durationExpr", "op": "step", "lhs": None, "rhs": None, "wrapped": False},
        "wrapped": False,
    }


def test_exemplars_of_a_query_that_selects_nothing_are_no_content(app: ASGIApp) -> None:
    response = request(app, "GET", "/api/v1/query_exemplars", params={"query": "1 + 1"})
    assert (response.status_code, response.content) == (204, b"")


BAD_REQUESTS = [
    ("query", {}, 'invalid parameter "query"'),
    ("query", {"query": "up{"}, 'invalid parameter "query": 1:4'),
    ("query", {"query": "up", "time": "yesterday"}, 'cannot parse "yesterday" to a valid timestamp'),
    ("query", {"query": "up", "time": "2023-11-14"}, "cannot parse"),
    ("query", {"query": "up", "time": "2023-11-14T22:13:20"}, "invalid time value for 'time': cannot parse"),
    ("query", {"query": "up", "time": "2023-11-14 22:13:20Z"}, "cannot parse"),
    ("query", {"query": "up", "time": "2023-11-14T24:00:00Z"}, "cannot parse"),
    ("query", {"query": "up", "time": "1e999"}, "cannot parse"),
    ("query", {"query": "up", "time": "inf"}, "is no moment between the years"),
    ("query", {"query": "up", "timeout": "1e20"}, 'cannot parse "1e20" to a valid duration. It overflows'),
    ("query", {"query": "up", "limit": "1.5"}, 'strconv.Atoi: parsing "1.5": invalid syntax'),
    ("query", {"query": "up", "limit": "9" * 20}, "value out of range"),
    ("query", {"query": "up", "timeout": "soon"}, 'invalid parameter "timeout"'),
    ("query", {"query": "up", "limit": "-1"}, 'invalid parameter "limit"'),
    ("query", {"query": "up", "lookback_delta": "x"}, "error parsing lookback delta duration: cannot parse"),
    ("query_range", {"query": "up", "end": "1", "step": "1"}, 'invalid parameter "start"'),
    ("query_range", {"query": "up", "start": "1", "step": "1"}, 'invalid parameter "end"'),
    (
        "query_range",
        {"query": "up", "start": "2", "end": "1", "step": "1"},
        "end timestamp must not be before",
    ),
    ("query_range", {"query": "up", "start": "1", "end": "2", "step": "0"}, 'invalid parameter "step"'),
    ("query_range", {"query": "up", "start": "1", "end": "2", "step": "x"}, 'invalid parameter "step"'),
    (
        "query_range",
        {"query": "up", "start": "1", "end": "20000", "step": "1"},
        "exceeded maximum resolution",
    ),
    (
        "query_range",
        {"query": "up[5m]", "start": "1", "end": "2", "step": "1"},
        'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    ),
    ("series", {}, "no match[] parameter provided"),
    ("series", {"match[]": "up{"}, 'invalid parameter "match[]"'),
    ("series", {"match[]": "rate(up[1m])"}, 'invalid parameter "match[]"'),
    ("series", {"match[]": "up", "start": "x"}, 'invalid parameter "start"'),
    ("series", {"match[]": "{}"}, "match[] must contain at least one non-empty matcher"),
    ("series", {"match[]": "up @ 5"}, 'invalid parameter "match[]": 1:4: parse error: unexpected <op:@>'),
    ("labels", {"match[]": "("}, '1:1: parse error: unexpected "("'),
    ("labels", {"match[]": '{a=""}'}, "match[] must contain at least one non-empty matcher"),
    ("status/tsdb", {"limit": "0"}, "limit must be a positive number"),
    ("status/tsdb", {"limit": "x"}, "limit must be a positive number"),
    ("status/tsdb", {"limit": "10001"}, "limit must not exceed 10000"),
    ("targets/metadata", {"limit": "x"}, "limit must be a number"),
    ("targets/metadata", {"match_target": "x{"}, 'invalid parameter "match_target": 1:3: parse error'),
    ("metadata", {"limit": "x"}, "limit must be a number"),
    ("metadata", {"limit_per_metric": "x"}, "limit_per_metric must be a number"),
    ("parse_query", {"query": "("}, 'invalid parameter "query": 1:2: parse error'),
    ("rules", {"match[]": "up{"}, "1:4: parse error"),
    ("rules", {"exclude_alerts": "foo"}, 'strconv.ParseBool: parsing "foo": invalid syntax'),
    ("rules", {"group_limit": "0"}, "group_limit needs to be greater than 0"),
    ("rules", {"group_limit": "x"}, 'group_limit needs to be a valid number: strconv.ParseInt: parsing "x"'),
    ("rules", {"group_next_token": "x"}, "group_limit needs to be present"),
    ("rules", {"group_next_token": "x", "group_limit": "1"}, "were rule groups changed?"),
    ("query", {"query": "up", "time": "2023-11-14T22:13:20+25:00"}, "cannot parse"),
    ("query", {"query": "up", "time": "2023-11-14T22:13:20+10:61"}, "cannot parse"),
    ("label/job/values", {"limit": "x"}, 'invalid parameter "limit"'),
    ("label/U__/values", {}, 'invalid label name: "U__"'),
    ("label/%FF/values", {}, "invalid label name"),
    ("query_exemplars", {"query": "("}, "1:2: parse error"),
    ("format_query", {"query": "("}, 'invalid parameter "query"'),
    ("rules", {"type": "x"}, 'invalid parameter "type": not supported value "x"'),
]


@pytest.mark.parametrize(("path", "parameters", "sentence"), BAD_REQUESTS)
def test_a_bad_request_is_told_what_is_wrong(
    app: ASGIApp, path: str, parameters: dict[str, str], sentence: str
) -> None:
    code, kind, error = refuse(request(app, "GET", f"/api/v1/{path}", params=parameters))
    assert (code, kind) == (400, "bad_data")
    assert sentence in error


def test_a_query_that_cannot_be_evaluated(app: ASGIApp) -> None:
    code, kind, error = refuse(
        request(app, "GET", "/api/v1/query", params={"query": "up + on() group_left hits_total"})
    )
    assert (code, kind) == (422, "execution")
    assert "many-to-many" in error or "found duplicate series" in error


def test_a_range_query_that_takes_too_long_or_yields_too_much(app: ASGIApp, store: Store) -> None:
    parameters = {"query": "hits_total", "start": START, "end": END, "step": "1"}
    response = request(app, "GET", "/api/v1/query_range", params={**parameters, "timeout": "1ms"})
    assert refuse(response)[:2] == (503, "timeout")
    engine = Engine(store, Limits(points=100))
    few = Starlette(routes=query_module.routes(engine, FrozenClock(END), cooperative.CooperativeExecutor()))
    assert "more than 100 points" in refuse(request(few, "GET", "/api/v1/query_range", params=parameters))[2]


def test_a_form_that_is_too_long(app: ASGIApp) -> None:
    response = request(app, "POST", "/api/v1/query", data={"query": "x" * (1 << 20)})
    assert refuse(response)[0] == 400


def test_what_grafana_asks_for(app: ASGIApp) -> None:
    assert ask(app, "status/buildinfo")["version"].startswith("3.")
    assert ask(app, "status/runtimeinfo")["reloadConfigSuccess"] is True
    assert ask(app, "status/flags")["query.lookback-delta"] == "5m"
    assert ask(app, "label/__name__/values") == ["hits_total", "up"]
    assert ask(app, "label/instance/values", **{"match[]": 'hits_total{instance!="a"}'}) == ["b"]
    assert ask(app, "label/nothing/values") == []
    assert ask(app, "label/U__instance/values") == ask(app, "label/instance/values") == ["a", "b"]
    assert ask(app, "query", query="up", lookback_delta="0", time=END)["result"]
    assert ask(app, "query", query="up", lookback_delta="1s", time=END + 2)["result"] == []
    assert ask(app, "labels", **{"match[]": "up"}) == ["__name__"]
    assert ask(app, "query_exemplars", query="up", start=START, end=END) == []
    assert ask(app, "metadata", metric="up") == {
        "up": [{"type": "gauge", "help": "Whether it is up.", "unit": ""}]
    }
    assert list(ask(app, "metadata", limit=1)) == ["hits_total"]
    assert ask(app, "rules") == {"groups": []}
    assert ask(app, "alerts") == {"alerts": []}
    assert ask(app, "targets")["activeTargets"] == []
    assert ask(app, "format_query", query="sum (up) by(a)") == "sum by (a) (up)"
    assert ask(app, "query", query="1+1", time=END)["result"] == [END, "2"]
    assert ask(app, "alertmanagers")["activeAlertmanagers"] == [{"url": "http://am:9093/api/v2/alerts"}]
    shown = yaml.safe_load(ask(app, "status/config")["yaml"])
    assert shown["global"] == {
        "scrape_interval": "15s",
        "scrape_timeout": "5s",
        "evaluation_interval": "15s",
        "external_labels": {"cluster": "test"},
    }


@pytest.mark.parametrize(
    ("escaped", "name"),
    [
        ("instance", "instance"),
        ("U__a_2e_b", "a.b"),
        ("U____name__", "_name_"),
        ("U__a_1F600_b", "a😀b"),
        ("U__a_b", "U__a_b"),
        ("U__a.b_3a_", "a.b:"),
        ("U__größe", "größe"),
        ("U__a_D800_", "U__a_D800_"),
        ("U__a_FFFFFF_", "U__a_FFFFFF_"),
    ],
)
def test_names_that_a_path_cannot_hold_are_escaped(escaped: str, name: str) -> None:
    assert series.unescape_name(escaped) == name


@pytest.mark.parametrize("path", ["query", "query_range"])
def test_how_long_a_query_took_is_told_to_who_asks(app: ASGIApp, path: str) -> None:
    asked = {"query": "up", "start": END, "end": END, "step": 1, "time": END}
    assert "stats" not in ask(app, path, **asked)
    timings = ask(app, path, **asked, stats="true")["stats"]["timings"]
    assert timings["execTotalTime"] >= timings["evalTotalTime"] > 0
    assert timings["execQueueTime"] >= 0
    body = request(app, "GET", f"/api/v1/{path}", params={**asked, "stats": "yes"}).json()
    assert body["data"]["stats"]
    assert body["warnings"] == [
        'value "yes" for parameter "stats" is deprecated and will be rejected in the next major release, '
        'use "true" or "all"'
    ]


def test_how_many_series_there_are(app: ASGIApp) -> None:
    assert ask(app, "status/tsdb", limit=1) == {
        "headStats": {
            "numSeries": 3,
            "numLabelPairs": 4,
            "chunkCount": 1,
            "minTime": START * 1000,
            "maxTime": END * 1000,
        },
        "seriesCountByMetricName": [{"name": "hits_total", "value": 2}],
        "labelValueCountByLabelName": [{"name": "__name__", "value": 2}],
        "memoryInBytesByLabelName": [{"name": "__name__", "value": 22}],
        "seriesCountByLabelValuePair": [{"name": "__name__=hits_total", "value": 2}],
    }
    assert len(ask(app, "status/tsdb")["seriesCountByLabelValuePair"]) == 4


def test_targets_of_a_state(app: ASGIApp) -> None:
    nothing: dict[str, Any] = {"activeTargets": [], "droppedTargets": []}
    assert ask(app, "targets") == {**nothing, "droppedTargetCounts": {}}
    assert ask(app, "targets", state="dropped") == {**nothing, "droppedTargetCounts": {}}
    assert ask(app, "targets", state="active") == {**nothing, "droppedTargetCounts": None}
    assert ask(app, "scrape_pools") == {"scrapePools": []}
    assert ask(app, "targets/metadata") == []


def test_what_there_is_little_of_is_answered_truly(app: ASGIApp) -> None:
    assert ask(app, "notifications") == []
    assert request(app, "GET", "/api/v1/notifications/live").status_code == 204
    assert ask(app, "status/walreplay") == {"min": 0, "max": 0, "current": 0}
    assert ask(app, "status/tsdb/blocks") == {"blocks": []}
    runtime = ask(app, "status/runtimeinfo")
    assert {"CWD", "hostname", "serverTime", "lastConfigTime"} <= runtime.keys()
    found = ask(app, "features")
    assert found["promql"]["delayed_name_removal"] is False
    assert found["promql_functions"]["rate"] is True
    assert found["promql_functions"]["mad_over_time"] is False


@dataclass
class KeptForAMonth:
    retention_ms: int = 30 * 86_400_000
    max_bytes: int = 4 << 30


def test_how_long_samples_are_kept_is_told_as_prometheus_tells_it(store: Store, app: ASGIApp) -> None:
    assert ask(app, "status/runtimeinfo")["storageRetention"] == format_duration(store.retention_ms)
    assert "storage.tsdb.retention.size" not in ask(app, "status/flags")
    kept = KeptForAMonth()
    on_disk = Starlette(routes=status.routes(store, FrozenClock(END), LastReload(), history=kept))
    assert ask(on_disk, "status/runtimeinfo")["storageRetention"] == "30d or 4GB"
    flags = ask(on_disk, "status/flags")
    assert flags["storage.tsdb.retention.time"] == "30d"
    assert flags["storage.tsdb.retention.size"] == "4GB"
    # A reload changes it.
    kept.retention_ms = 86_400_000
    assert ask(on_disk, "status/runtimeinfo")["storageRetention"] == "1d or 4GB"


def test_a_reload_that_failed_is_a_notification(store: Store) -> None:
    app = Starlette(routes=status.routes(store, FrozenClock(END), LastReload(succeeded=False, loaded_at=1.5)))
    assert ask(app, "notifications") == [
        {"text": "Configuration reload has failed.", "date": "1970-01-01T00:00:01.500Z", "active": True}
    ]


def test_a_query_as_a_tree(app: ASGIApp) -> None:
    tree = ask(app, "parse_query", query="-sum by (a) (up) > bool 5m")
    assert (tree["type"], tree["op"], tree["bool"], tree["matching"]) == ("binaryExpr", ">", True, None)
    assert tree["rhs"] == {"type": "numberLiteral", "val": "300"}
    summed = tree["lhs"]["expr"]
    assert (summed["type"], summed["grouping"], summed["without"]) == ("aggregation", ["a"], False)


def test_a_call_as_a_tree(app: ASGIApp) -> None:
    tree = ask(app, "parse_query", query="round(rate(up{a=~'x'}[5m] @ end() offset 1m))")
    assert tree["func"] == {
        "name": "round",
        "argTypes": ["vector", "scalar"],
        "variadic": 1,
        "returnType": "vector",
    }
    (window,) = tree["args"][0]["args"]
    assert window["matchers"] == [
        {"name": "a", "value": "x", "type": "=~"},
        {"name": "__name__", "value": "up", "type": "="},
    ]
    assert (window["range"], window["offset"], window["startOrEnd"]) == (300_000, 60_000, "end")


def test_series_are_those_of_the_time_asked_for(app: ASGIApp) -> None:
    name = {"match[]": "up"}
    assert ask(app, "series", **name) == [{"__name__": "up"}]
    assert ask(app, "series", **name, start=START - 100, end=START - 1) == []
    assert ask(app, "series", **name, start=END, end=END + 10) == [{"__name__": "up"}]
    assert ask(app, "series", **name, start="-292273086-05-16T16:47:06Z", end=END) == [{"__name__": "up"}]
    assert ask(app, "labels", start=END + 1) == []


def test_limits(app: ASGIApp) -> None:
    body = request(app, "GET", "/api/v1/series", params={"match[]": "hits_total", "limit": 1}).json()
    assert len(body["data"]) == 1
    assert body["warnings"] == ["results truncated due to limit"]
    body = request(app, "GET", "/api/v1/labels", params={"limit": 2}).json()
    assert "warnings" not in body
    body = request(app, "GET", "/api/v1/query", params={"query": "hits_total", "limit": 1}).json()
    assert len(body["data"]["result"]) == 1
    assert body["warnings"] == ["results truncated due to limit"]
    assert len(ask(app, "query", query="hits_total", limit=0)["result"]) == 2


def test_a_query_may_have_a_look_back_of_its_own(app: ASGIApp) -> None:
    late = {"query": "up", "time": END + 100}
    assert ask(app, "query", **late)["result"]
    assert ask(app, "query", **late, lookback_delta="90s")["result"] == []
    ranged = {"query": "up", "start": END, "end": END + 100, "step": 10}
    assert len(ask(app, "query_range", **ranged, lookback_delta="50")["result"][0]["values"]) == 5


def test_the_same_query_is_parsed_once() -> None:
    assert query_module._parse_once("up == 1") is query_module._parse_once("up == 1")


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["query", "start", "end", "step", "time", "limit", "timeout", "match[]"]),
        st.text(max_size=20),
    )
)
def test_whatever_is_asked_is_answered(app: ASGIApp, parameters: dict[str, str]) -> None:
    clean = {name: text.encode("utf-8", "replace").decode() for name, text in parameters.items()}
    for path in ("query", "query_range", "series", "labels", "label/x/values"):
        response = request(app, "GET", f"/api/v1/{path}", params=clean)
        assert response.status_code in (200, 400, 422, 503)
        assert response.json()["status"] in ("success", "error")
