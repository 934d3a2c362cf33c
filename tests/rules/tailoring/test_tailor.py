"""What becomes of a rule, key by key; and what is said of what cannot be."""

import asyncio

import pytest

from exporter.errors import ConfigError
from exporter.rules.tailoring import tailor
from tests.clocks import run_virtually
from tests.rules.tailoring.wanted import alerts_of, entries_of, rule_file, variants
from tests.rules.test_manager import TimedWorld
from tests.rules.world import read


def queries(expr: str, wanted: str) -> list[str]:
    return [spec.query for spec in variants(expr, wanted)]


def problems(expr: str, wanted: str) -> list[str]:
    with pytest.raises(ConfigError) as failure:
        tailor([rule_file(expr)], entries_of(f"rules: {wanted}"))
    return [str(problem) for problem in failure.value.problems]


def test_only_the_number_changes_in_the_text() -> None:
    expr = "( m  > 0.5 ) # half\n  and n"
    assert queries(expr, "{threshold: 80}") == ["( m  > 80 ) # half\n  and n"]
    assert queries("m_bytes > 10 * 1024", "{threshold: 2MiB}") == ["m_bytes > 2097152"]
    assert queries("m > 1 or n > 1", "{threshold: 3}") == ["m > 3 or n > 3"]
    assert queries("m > 1\nand n > 2 # threshold b", "{threshold: {main: 3, b: 4}}") == [
        "m > 3\nand n > 4 # threshold b"
    ]


def test_series_are_chosen_in_the_selector_where_their_labels_come_from_there() -> None:
    wanted = "[{where: {env: prod}, threshold: 2}, {where: 'i=~\"c.*\"', enabled: false}]"
    assert queries("m > 1", wanted) == ['m{env="prod"} > 2', 'm{env!="prod",i!~"c.*"} > 1']
    assert queries("sum without (i) (m{a='}'}) > 1", "{where: {env: prod}, threshold: 2}") == [
        "sum without (i) (m{a='}',env=\"prod\"}) > 2",
        "sum without (i) (m{a='}',env!=\"prod\"}) > 1",
    ]


def test_results_are_filtered_where_the_rule_makes_the_label() -> None:
    expr = "label_replace(m, 'env', 'prod', '', '') > 1"
    assert queries(expr, "{where: {env: prod}, threshold: 2}")[0] == (
        "label_replace(m, 'env', 'prod', '', '') > 2\n"
        'and on (env) label_replace(vector(1), "env", "prod", "", "")'
    )


def test_times_severity_labels_and_annotations_are_those_of_the_entry() -> None:
    (spec,) = variants(
        "m > 1",
        "{for: 2m, keep_firing_for: 1m, severity: critical, labels: {team: web, level: ''}, "
        "annotations: {b: '{{ $value }}'}}",
        labels={"severity": "warning", "level": "1"},
        annotations={"a": "x"},
    )
    assert (spec.for_ms, spec.keep_firing_for_ms) == (120_000, 60_000)
    assert dict(spec.label_texts) == {"severity": "critical", "team": "web", "level": ""}
    assert dict(spec.annotation_texts) == {"a": "x", "b": "{{ $value }}"}
    assert spec.query == "m > 1"


def test_a_rule_is_switched_off_for_all_or_for_some() -> None:
    assert queries("m > 1", "{enabled: false}") == []
    assert queries("m > 1", "{where: {env: dev}, enabled: false}") == ['m{env!="dev"} > 1']


def test_an_entry_for_nothing_makes_no_rule() -> None:
    wanted = "[{threshold: 2}, {where: {env: prod}, threshold: 3}]"
    assert queries("m > 1", wanted) == ["m > 2"]


def test_several_values_of_a_label_are_one_pattern() -> None:
    assert queries("m > 1", "{where: {env: [prod, a.b]}, threshold: 2}")[0] == 'm{env=~"prod|a\\\\.b"} > 2'


def test_without_entries_rules_are_the_same() -> None:
    file = rule_file("m > 1")
    assert tailor([file], {}) == (file,)
    assert tailor([file, rule_file("n > 1", "B")], entries_of("rules: {B: {threshold: 2}}"))[0] == file


@pytest.mark.parametrize(
    ("expr", "wanted", "message"),
    [
        (
            "m > 1",
            "{AA: {threshold: 2}}",
            "AA: no rule of rule_files has this name; `redis-vigil rules` lists them",
        ),
        (
            "m > 1",
            "{Other: {}}",
            "Other: no rule of rule_files has this name; `redis-vigil rules` lists them",
        ),
        (
            "m == 1",
            "{A: {threshold: 2}}",
            "A.threshold: A has no threshold: it asks for a state (== 1), which is no limit; what can be set "
            "are for, keep_firing_for, severity, labels, annotations and enabled",
        ),
        (
            "m > 1",
            "{A: {threshold: {size: 2}}}",
            "A.threshold.size: A has no threshold with a name: write its one as threshold: NUMBER",
        ),
        (
            "m > 1 # threshold size",
            "{A: {threshold: 2}}",
            "A.threshold: A has more than one threshold, each with a name: write {size: NUMBER}",
        ),
        (
            "m > 1 # threshold size",
            "{A: {threshold: {sice: 2}}}",
            'A.threshold.sice: A has no such threshold, did you mean "size"?; there are size',
        ),
        (
            "m > 1",
            "{A: [{}, {threshold: 2h}]}",
            'A[1].threshold: "2h" is a duration, and the threshold is a plain number: write a number',
        ),
        (
            "m > 1",
            "{A: {severity: a, labels: {severity: b}}}",
            "A.labels.severity: severity is set beside labels already: write it once",
        ),
        ("m > 1", "{A: {annotations: {x: '{{ foo'}}}", "A.annotations.x: __alert_A:1:1: unclosed action"),
        (
            "1 > bool 2",
            "{A: {where: {env: prod}}}",
            "A.where: the expression of this rule has no series to choose from",
        ),
    ],
)
def test_what_cannot_be_is_one_line_with_its_place(expr: str, wanted: str, message: str) -> None:
    assert problems(expr, wanted) == [f"rules.{message}"]


def test_rules_of_one_name_are_set_together_unless_their_numbers_differ() -> None:
    files = [rule_file("m > 80"), rule_file("m > 80", labels={"a": "b"})]
    tailored = tailor(files, entries_of("rules: {A: {threshold: 70}}"))
    assert [spec.query for spec in alerts_of(tailored)] == ["m > 70", "m > 70"]
    with pytest.raises(ConfigError) as failure:
        tailor([*files, rule_file("m > 90")], entries_of("rules: {A: {threshold: 70}}"))
    assert str(failure.value) == (
        "rules.A: rules of this name have several thresholds (> 80, > 90): give each its own name"
    )


def test_a_recording_rule_cannot_be_set() -> None:
    record = read("groups: [{name: g, rules: [{record: B, expr: m}]}]")
    with pytest.raises(ConfigError, match=r"rules\.B: is a recording rule"):
        tailor([record], entries_of("rules: {B: {enabled: false}}"))


@pytest.mark.parametrize(
    "wanted",
    [
        "[{where: {i: a}}, {where: {i: b}}]",
        "[{where: {i: b}}, {where: {i: a}}, {where: {i: c}}]",
        "{where: {i: c}}",
        "[{where: {i: b}, for: 1m}]",
        "{}",
    ],
)
def test_alerts_go_on_when_entries_change_places(wanted: str) -> None:
    expr = "label_replace(vector(1), 'i', 'a', '', '') or label_replace(vector(2), 'i', 'b', '', '')"
    files = [
        tailor([rule_file(expr, **{"for": "1m"})], entries_of(f"rules: {{A: {text}}}"))
        for text in ("[{where: {i: a}}, {where: {i: b}}]", wanted)
    ]

    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files[0])
        await asyncio.sleep(300)
        before = {
            alert.labels: (alert.state, alert.active_at_ms, alert.fired_at_ms)
            for group in manager.groups
            for rule in group.alerting_rules
            for alert in rule.active_alerts
        }
        assert len(before) == 2
        await manager.apply(files[1])
        await asyncio.sleep(60)
        after = {
            alert.labels: (alert.state, alert.active_at_ms, alert.fired_at_ms)
            for group in manager.groups
            for rule in group.alerting_rules
            for alert in rule.active_alerts
        }
        assert after == before
        await manager.stop()

    run_virtually(scenario())


def test_the_same_variants_are_found_again_for_an_alert() -> None:
    first, second = variants("m > 1", "{where: {env: prod}, threshold: 5}")
    assert first.condition.matches({"env": "prod"})
    assert not second.condition.matches({"env": "prod"})
    assert str(second.condition) == 'env!="prod"'
    assert alerts_of([rule_file("m > 1")])[0].condition.matches({})
