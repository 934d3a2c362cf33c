"""Recording rules, and the staleness of what rules write."""

from tests.rules.world import World, live, make_group


def test_writes_under_its_name_with_its_labels() -> None:
    async def scenario(world: World) -> None:
        group = make_group(
            world, "- {record: 'job:a:sum', expr: 'sum by (job, n) (a)', labels: {env: x, n: ''}}"
        )
        world.set_series('a{job="j",n="1"}', 6)
        await world.evaluate(group)
        assert world.query("job:a:sum") == {'job:a:sum{env="x", job="j"}': 6}

    live(scenario)


def test_a_label_is_no_template() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {record: r, expr: a, labels: {l: '{{ $value }}'}}")
        world.set(a=1)
        await world.evaluate(group)
        assert world.query("r") == {'r{l="{{ $value }}"}': 1}

    live(scenario)


def test_a_later_rule_sees_it_in_the_same_cycle() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {record: twice, expr: a * 2}\n- {alert: High, expr: twice > 5}")
        world.set(a=3)
        assert [alert.name for alert in await world.evaluate(group)] == ["High"]

    live(scenario)


def test_a_series_that_is_no_longer_returned_ends_at_once() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {record: r, expr: a > 5}")
        world.set_series('a{n="1"}', 6)
        world.set_series('a{n="2"}', 6)
        await world.evaluate(group)
        world.set_series('a{n="1"}', 1)
        await world.evaluate(group, 15)
        assert world.query("r") == {'r{n="2"}': 6}
        world.set_series('a{n="2"}', 1)
        await world.evaluate(group, 15)
        assert world.query("r") == {}
        world.set_series('a{n="1"}', 7)
        await world.evaluate(group, 15)
        assert world.query("r") == {'r{n="1"}': 7}
        assert list(world.query("count_over_time(r[1m])").values()) == [2, 2]

    live(scenario)


def test_an_error_writes_nothing_and_leaves_the_other_rules_alone() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {record: bad, expr: a, labels: {n: ''}}\n- {record: good, expr: sum(a)}")
        world.set_series('a{n="1"}', 6)
        await world.evaluate(group)
        world.set_series('a{n="2"}', 6)
        await world.evaluate(group, 15)
        bad, good = (rule.status for rule in group.rules)
        assert "several series bad once the rule's labels are set" in bad.last_error
        assert (good.health, good.samples) == ("ok", 1)
        assert world.query("good") == {"good": 12}
        # As in Prometheus: what the rule wrote last goes on until it works again, or grows old.
        assert world.query("bad") == {"bad": 6}

    live(scenario)


def test_the_limit_is_on_series() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {record: r, expr: a}", options="limit: 1")
        world.set_series('a{n="1"}', 6)
        world.set_series('a{n="2"}', 6)
        await world.evaluate(group)
        assert group.rules[0].status.last_error == "exceeded limit of 1 with 2 series"
        assert world.query("r") == {}

    live(scenario)


def test_a_scalar_is_recorded_without_labels() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {record: threshold, expr: '0.85', labels: {kind: x}}")
        await world.evaluate(group)
        assert world.query("threshold") == {'threshold{kind="x"}': 0.85}

    live(scenario)
