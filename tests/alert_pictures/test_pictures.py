"""Pictures of alerts: of our own rules, in time or not at all, each once."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from xml.etree import ElementTree

import pytest

from exporter.alert_pictures import drawing, finding, pictures, rendering
from exporter.alert_pictures.finding import FoundAlert
from exporter.charts import png as charts_png
from exporter.config.relabeling import RelabelSection
from exporter.discovery.relabeling import Relabeling
from exporter.errors import PictureError
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.pictures import MOST_BYTES, Picture
from exporter.rules.manager import RuleManager
from tests.alert_pictures.scene import Scene, begin
from tests.charts.test_picture import pixels
from tests.rules.world import read

Story = Callable[[Scene], Awaitable[None]]


def tell(story: Story, *rules: str, deadline_seconds: float = 20.0) -> None:
    async def run() -> None:
        await story(await begin(*map(read, rules), deadline_seconds=deadline_seconds))

    asyncio.run(run())


def other(name: str = "High", **labels: str) -> Alert:
    """An alert that somebody else has posted."""
    return Alert(Labels({"alertname": name, **labels}))


def no_drawing(monkeypatch: pytest.MonkeyPatch, drawn: bytes = b"\x89PNG\r\n\x1a\n" + bytes(16)) -> list[str]:
    """Draw no PNG, which takes a process; returns the list of what would have been drawn."""
    asked: list[str] = []

    async def draw_png(svg: str, deadline: float, *, most_bytes: int) -> bytes:
        asked.append(svg)
        width, height = (590).to_bytes(4, "big"), (280).to_bytes(4, "big")
        return drawn[:16] + width + height

    monkeypatch.setattr(rendering, "draw_png", draw_png)
    return asked


def test_the_picture_shows_what_the_rule_watches_with_its_threshold() -> None:
    async def story(scene: Scene) -> None:
        alert = await scene.rise()
        picture = await scene.pictures.draw([alert], scene.now)
        assert picture is not None
        assert picture.fingerprint == alert.fingerprint
        assert picture.title == "High: a:1"
        assert picture.description == ("value: from 20 % to 91 %, 91 % at the end. It fires above 85 %.")
        width, height, _ = pixels(picture.png)
        assert (width, height) == (2 * picture.width, 2 * picture.height)
        assert len(picture.png) <= MOST_BYTES
        assert scene.counted() == {"drawn": 1}

    tell(story)


def test_the_end_of_an_alert_is_drawn_until_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    no_drawing(monkeypatch)

    async def story(scene: Scene) -> None:
        await scene.rise()
        scene.world.set_series('used{instance="a:1"}', 40)
        await scene.pass_time(60)
        picture = await scene.pictures.draw([scene.alerts["High a:1"]], scene.now)
        assert picture is not None
        assert "from 20" in picture.description
        assert "40 % at the end" in picture.description

    tell(story)


def test_only_alerts_of_our_own_rules_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = no_drawing(monkeypatch)

    async def story(scene: Scene) -> None:
        alert = await scene.rise()
        assert await scene.pictures.draw([], scene.now) is None
        assert await scene.pictures.draw([other(instance="a:1"), other("Else")], scene.now) is None
        assert asked == []
        assert scene.counted() == {}
        # The first one that has a picture gets it.
        picture = await scene.pictures.draw([other("Else"), alert], scene.now)
        assert picture is not None
        assert picture.fingerprint == alert.fingerprint

    tell(story)


def test_the_first_of_several_is_drawn_whatever_the_order_of_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    no_drawing(monkeypatch)

    async def story(scene: Scene) -> None:
        first, second = await scene.rise("a:1"), await scene.rise("b:2")
        for alerts in ([first, second], [second, first]):
            picture = await scene.pictures.draw(alerts, scene.now)
            assert picture is not None
            assert picture.fingerprint == alerts[0].fingerprint

    tell(story)


def test_an_alert_is_found_when_relabelling_gave_it_other_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    no_drawing(monkeypatch)

    async def story(scene: Scene) -> None:
        environment = scene.world.environment
        environment.external_labels = Labels({"site": "north"})
        section = RelabelSection(target_label="alertname", replacement="Renamed")
        environment.alert_relabeling = Relabeling([section])
        with pytest.raises(KeyError):
            await scene.rise()
        picture = await scene.pictures.draw([scene.alerts["Renamed a:1"]], scene.now)
        assert picture is not None
        assert picture.title == "Renamed: a:1"

    tell(story)


def test_what_looks_at_no_samples_has_nothing_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = no_drawing(monkeypatch)

    async def story(scene: Scene) -> None:
        await scene.pass_time(60)
        (alert,) = scene.alerts.values()
        assert await scene.pictures.draw([alert], scene.now) is None
        assert asked == []

    tell(story, "groups: [{name: w, rules: [{alert: Watchdog, expr: vector(1)}]}]")


def test_receivers_share_a_picture_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = no_drawing(monkeypatch)

    async def story(scene: Scene) -> None:
        alert = await scene.rise()
        draw = scene.pictures.draw
        start = scene.now // 60 * 60
        first, second = await asyncio.gather(draw([alert], start), draw([alert], start + 1))
        assert first is second
        assert await draw([alert], start + 59) is first
        assert len(asked) == 1
        assert await draw([alert], start + 60) is not first
        assert len(asked) == 2
        for minute in range(100):
            await draw([alert], start + 60 * minute)
        assert len(scene.pictures._kept) <= pictures._MOST_KEPT

    tell(story)


def test_one_that_takes_too_long_is_done_without_and_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def draw_png(svg: str, deadline: float, *, most_bytes: int) -> bytes:
        await asyncio.Event().wait()
        return b""

    monkeypatch.setattr(rendering, "draw_png", draw_png)

    async def story(scene: Scene) -> None:
        alert = await scene.rise()
        began = time.monotonic()
        for minute in range(3):
            assert await scene.pictures.draw([alert], scene.now + 60 * minute) is None
        assert time.monotonic() - began < 10
        assert scene.counted() == {"late": 3}

    with caplog.at_level(logging.WARNING):
        tell(story, deadline_seconds=0.3)
    (line,) = [one for one in caplog.records if one.name == "exporter.alert_pictures.pictures"]
    assert line.getMessage() == "a message has no picture of its alert"


def test_many_at_once_are_left_out_so_that_messages_are_not_late(monkeypatch: pytest.MonkeyPatch) -> None:
    release = asyncio.Event()

    async def draw_png(svg: str, deadline: float, *, most_bytes: int) -> bytes:
        await release.wait()
        raise PictureError("x")

    monkeypatch.setattr(rendering, "draw_png", draw_png)

    async def story(scene: Scene) -> None:
        alert = await scene.rise()
        tasks = [
            asyncio.create_task(scene.pictures.draw([alert], scene.now + 60 * minute)) for minute in range(20)
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert scene.counted() == {"busy": 12}
        release.set()
        assert await asyncio.gather(*tasks) == [None] * 20
        assert scene.counted() == {"busy": 12, "failed": 8}

    tell(story)


def test_many_that_search_at_the_same_time_are_left_out_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    others_are_left_out = asyncio.Event()

    async def find(rules: RuleManager, alerts: Sequence[Alert]) -> FoundAlert | None:
        await asyncio.sleep(0.01)
        return await finding.find_alert(rules, alerts)

    async def draw_alert(*arguments: Any) -> Picture | None:
        await others_are_left_out.wait()
        return await drawing.draw_alert(*arguments)

    no_drawing(monkeypatch)
    monkeypatch.setattr(pictures, "find_alert", find)
    monkeypatch.setattr(pictures, "draw_alert", draw_alert)

    async def story(scene: Scene) -> None:
        alert = await scene.rise()
        asked = [
            asyncio.create_task(scene.pictures.draw([alert], scene.now + 60 * minute)) for minute in range(20)
        ]
        while sum(task.done() for task in asked) < 12:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        others_are_left_out.set()
        found = await asyncio.gather(*asked)
        assert sum(one is not None for one in found) == 8
        assert scene.counted() == {"busy": 12, "drawn": 8}

    tell(story)


def test_who_gives_up_takes_the_picture_from_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    no_drawing(monkeypatch)

    async def story(scene: Scene) -> None:
        alert = await scene.rise()
        first = asyncio.create_task(scene.pictures.draw([alert], scene.now))
        await asyncio.sleep(0)
        second = asyncio.create_task(scene.pictures.draw([alert], scene.now))
        await asyncio.sleep(0)
        first.cancel()
        assert isinstance(await second, Picture)

    tell(story)


def test_a_bug_costs_no_message(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(rendering, "_draw", broken)

    async def story(scene: Scene) -> None:
        alert = await scene.rise()
        assert await scene.pictures.draw([alert], scene.now) is None
        assert scene.counted() == {"failed": 1}

    tell(story)
    assert "a bug" in caplog.text


def test_hostile_names_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = '</text><script href="x">&amp;]]>\x1b\u202e\''
    svgs: list[str] = []

    async def draw_png(svg: str, deadline: float, *, most_bytes: int) -> bytes:
        svgs.append(svg)
        return await charts_png.draw_png(svg, deadline, most_bytes=most_bytes)

    monkeypatch.setattr(rendering, "draw_png", draw_png)

    async def story(scene: Scene) -> None:
        alert = await scene.rise(hostile)
        picture = await scene.pictures.draw([alert], scene.now)
        assert picture is not None
        assert picture.png.startswith(b"\x89PNG")
        assert hostile in picture.title

    tell(story)
    (svg,) = svgs
    texts = [one.text or "" for one in ElementTree.fromstring(svg).iter() if one.tag.endswith("text")]
    assert any(text.startswith("High: </text><script") for text in texts)
    assert not [one for one in ElementTree.fromstring(svg).iter() if one.tag.endswith("script")]


def test_the_event_loop_does_not_stand_still_while_a_picture_is_made() -> None:
    async def story(scene: Scene) -> None:
        for number in range(200):
            scene.world.set_series(f'limit{{instance="a:{number}"}}', 100)
            scene.world.set_series(f'used{{instance="a:{number}"}}', 91)
        await scene.pass_time(3600, 60)
        alert = scene.alerts["High a:100"]
        task = asyncio.create_task(scene.pictures.draw([alert], scene.now))
        worst = 0.0
        while not task.done():
            before = time.thread_time()
            await asyncio.sleep(0.001)
            worst = max(worst, time.thread_time() - before)
        assert task.result() is not None
        # CPU time of the loop's own thread between two turns: what others on the machine do does not count.
        assert worst < 0.05

    tell(story)
