"""Servers that close idle connections: no news of them, and no more passes than the interval asks for."""

import asyncio

from exporter.clock import SystemClock
from exporter.config.samplers import SamplersSection
from exporter.model.target import Address, Target
from exporter.samplers.idle_closes import IdleCloses
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slot import SamplerPlan
from exporter.store import Store
from tests.conftest import StartServer


def learnt(*ages: float) -> IdleCloses:
    closes = IdleCloses()
    for age in ages:
        assert closes.is_news(age)
        closes.found(is_same_run=True)
    return closes


def test_two_closes_of_the_same_age_make_a_habit() -> None:
    assert learnt(10.4).is_news(10.4)
    assert learnt(10.4, 3.0).is_news(10.4)
    closes = learnt(10.4, 11.2)
    assert [closes.is_news(age) for age in (0.0, 5.0, 9.9, 12.0, 15.0)] == [True, True, False, False, True]


def test_who_ends_with_its_connection_has_no_such_habit() -> None:
    closes = learnt(10.4)
    assert closes.is_news(10.4)
    closes.found(is_same_run=False)
    assert closes.is_news(10.4)


def test_a_close_in_the_middle_of_a_question_is_never_expected() -> None:
    assert learnt(0.0, 0.0, 0.2).is_news(0.0)


def test_a_connection_that_gets_older_shows_that_the_limit_is_gone() -> None:
    closes = learnt(2.0, 2.1)
    closes.stood(4.0)
    assert not closes.is_news(2.2)
    closes.stood(15.0)
    assert closes.is_news(2.2)


def test_a_server_with_a_timeout_is_looked_at_twice_and_then_left_alone(start_server: StartServer) -> None:
    server = start_server("--timeout", "1")

    async def story() -> None:
        section = SamplersSection()
        plans = [SamplerPlan(spec, section.section(spec.section), 15.0, 5.0) for spec in SAMPLERS[:1]]
        looks = asyncio.Queue[asyncio.Task[None]]()

        def closed(runner: TargetRunner) -> None:
            looks.put_nowait(asyncio.create_task(runner.run("info")))

        target = Target("a", Address("127.0.0.1", server.port))
        runner = TargetRunner(
            target, plans, store=Store(), clock=SystemClock(), timeout_seconds=5.0, on_closed=closed
        )
        await runner.run("info")
        for _ in range(2):
            await (await asyncio.wait_for(looks.get(), 15))
        await asyncio.sleep(3.5)
        assert looks.empty()
        assert runner.status.up
        # What is no idle close is news all the same.
        await runner.run("info")
        server.client.client_kill_filter(_type="normal", skipme=True)
        await (await asyncio.wait_for(looks.get(), 15))
        await runner.close()

    asyncio.run(story())
