"""Labels and annotations as templates, with whatever labels a server may carry."""

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from tests.rules.world import World, live, make_group


def annotate(template: str, *, series: str = 'a{job="x"}', value: float = 1) -> str:
    """What a template makes of one result."""
    got: list[str] = []

    async def scenario(world: World) -> None:
        world.environment.external_labels = Labels({"cluster": "prod"})
        world.environment.external_url = "http://vigil:9121/sub"
        quoted = template.replace("'", "''")
        group = make_group(world, f"- alert: High\n  expr: a\n  annotations: {{text: '{quoted}'}}")
        world.set_series(series, value)
        (sent,) = await world.evaluate(group)
        got.append(sent.annotations.get("text"))

    live(scenario)
    return got[0]


def test_templates_know_the_variables_of_prometheus() -> None:
    template = (
        "{{ $labels.job }} {{ .Labels.__name__ }} {{ $value }} "
        "{{ $externalLabels.cluster }} {{ $externalURL }}"
    )
    assert annotate(template, value=1e6) == "x a 1e+06 prod http://vigil:9121/sub"


def test_a_missing_label_is_empty() -> None:
    assert annotate("[{{ $labels.nothing }}]") == "[]"


def test_query_runs_at_the_moment_of_the_evaluation() -> None:
    assert annotate('{{ with query "sum(a) * 2" }}{{ . | first | value }}{{ end }}', value=4) == "8"
    assert annotate('{{ query "1 + 1" | first | value }}') == "2"


def test_a_template_that_fails_says_so_and_the_alert_fires() -> None:
    assert annotate('{{ query "up +" }}').startswith("<error expanding template: ")
    text = annotate('{{ query "nothing" | first | value }}')
    assert text.startswith("<error expanding template: ")
    assert "first() called on vector with no elements" in text


def test_a_broken_label_of_the_group_says_so_in_the_label() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: vector(1)}", options="labels: {team: '{{ oops }}'}")
        (sent,) = await world.evaluate(group)
        assert sent.labels.get("team").startswith("<error expanding template: ")

    live(scenario)


def test_what_a_template_may_cost_is_bounded() -> None:
    text = annotate('{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}')
    assert text.startswith("<error expanding template: ")


names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name != "__name__")
values = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(names, values, max_size=5), st.floats())
def test_hostile_labels_reach_people_as_they_are(labels: dict[str, str], value: float) -> None:
    async def scenario(world: World) -> None:
        group = make_group(
            world,
            "- alert: High\n  expr: a\n  labels: {copied: '{{ $labels.evil }}'}\n"
            "  annotations: {text: '{{ $labels.evil }}|{{ $value }}|{{ $value | humanize }}|{{ $labels }}'}",
        )
        point = Point(Family("a", Kind.GAUGE, ""), "", Labels({**labels, "evil": evil}))
        world.store.append(Sample("evil", world.at_ms, Layout([point]), [value]))
        (sent,) = await world.evaluate(group)
        assert sent.labels.get("copied") == evil
        assert sent.annotations.get("text").startswith(f"{evil}|")
        everything = {**labels, "evil": evil, "copied": evil, "alertname": "High"}
        assert sent.labels.as_dict() == everything

    evil = labels.get("evil", '{{ $value }}"\\\n\x00</b>')
    live(scenario)
