"""Charts as files, for mails and documents: nothing is needed but what is in them, not even a font."""

import asyncio
import random
import re
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.charts import (
    DARK,
    LIGHT,
    Band,
    Chart,
    Kind,
    Mark,
    MarkKind,
    Series,
    Theme,
    Threshold,
    Unit,
    picture,
)
from exporter.charts.png import draw_png, png, png_within
from exporter.errors import PictureError
from tests.charts.anything import END_MS, START_MS, STEP_MS, charts

SVG = "{http://www.w3.org/2000/svg}"
STYLE = Path(__file__).parents[2] / "exporter" / "web" / "pages" / "static" / "style.css"


def memory(**more: object) -> Chart:
    rising = [(START_MS + i * STEP_MS, 4e9 + i * 1e7) for i in range(201)]
    return Chart("Memory", Unit.BYTES, START_MS, END_MS, STEP_MS, [Series("used", rising)], **more)  # type: ignore[arg-type]


def words(svg: str) -> list[str]:
    return [
        (text.text or "").replace("\u00a0", " ") for text in ElementTree.fromstring(svg).iter(f"{SVG}text")
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(charts(), st.sampled_from([LIGHT, DARK]))
def test_a_picture_of_anything_is_sound(chart: Chart, theme: Theme) -> None:
    svg = picture(chart, theme=theme)
    for element in ElementTree.fromstring(svg).iter():
        assert element.tag.removeprefix(SVG) in {"svg", "title", "rect", "text", "polyline", "path", "g"}
        assert not {"style", "class", "href"} & set(element.attrib)
        for name in ("x", "y", "width", "height", "d", "points", "transform"):
            assert not re.search(r"nan|inf|\de", element.get(name, "")), element.attrib


def test_a_picture_tells_title_axis_legend_limit_and_what_happened() -> None:
    marks = [Mark(START_MS + 50 * STEP_MS, MarkKind.RESTART, "restarted")]
    found = words(picture(memory(thresholds=[Threshold(5.5e9, "limit 5.12 GiB", "critical")], marks=marks)))
    assert {"Memory", "2 GiB", "22:00", "used", "last", "5.59 GiB", "limit 5.12 GiB"} <= set(found)


def test_series_that_are_left_out_are_counted() -> None:
    series = [Series(f"queue {n}", [(START_MS, float(n)), (START_MS + STEP_MS, float(n))]) for n in range(50)]
    chart = Chart("Queues", Unit.COUNT, START_MS, END_MS, STEP_MS, series)
    assert "and 43 more" in words(picture(chart))


@pytest.mark.parametrize(("theme", "side"), [(LIGHT, 0), (DARK, 1)])
def test_pictures_have_the_colours_of_the_pages(theme: Theme, side: int) -> None:
    tokens = {
        name: (light, dark)[side]
        for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", STYLE.read_text())
    }
    surfaces = ("paper", "card", "ink", "dim", "line", "grid", "edge", "ok")
    assert {name: getattr(theme, name) for name in surfaces} == {name: tokens[name] for name in surfaces}
    assert list(theme.series) == [tokens[f"s{number}"] for number in range(1, 9)]
    assert theme.texts == {name: tokens[name] for name in ("critical", "warning", "info", "quiet")}
    assert theme.marks == {**theme.texts, "warning": tokens["warning-fill"]}


def pixels(data: bytes) -> tuple[int, int, bytes]:
    """Width, height and what the rows of a PNG are made of."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return width, height, zlib.decompress(packed)


def test_a_png_is_twice_as_fine_and_has_text_without_any_font_of_the_system() -> None:
    svg = picture(memory(), width=400, height=100)
    height = float(re.findall(r'height="([\d.]+)"', svg)[0])
    width, rows, drawn = pixels(png(svg))
    assert (width, rows) == (800, height * 2)
    without = re.sub(r"<text[^>]*>[^<]*</text>", "", svg)
    assert without != svg
    assert pixels(png(without))[2] != drawn


def test_letters_of_several_scripts_are_no_boxes() -> None:
    def drawn(text: str) -> bytes:
        size = 'width="60" height="30"'
        return png(f'<svg xmlns="http://www.w3.org/2000/svg" {size}><text y="20">{text}</text></svg>')

    assert len({drawn(letter) for letter in "Aéµ≥∞Жλ…–→ "}) == 11


def test_what_is_no_svg_is_refused() -> None:
    with pytest.raises(ValueError, match="root node"):
        png("<html>")


def test_a_picture_is_as_fine_as_its_size_allows() -> None:
    dice = random.Random(1)
    noise = [
        Series(f"line {n}", [(START_MS + i * STEP_MS, dice.random()) for i in range(201)]) for n in range(8)
    ]
    chart = Chart("Noise", Unit.RATIO, START_MS, END_MS, STEP_MS, noise)
    simple, noisy = picture(memory(), width=590), picture(chart, width=590)
    assert png_within(simple, 60_000) == png(simple)
    assert len(png(noisy)) > 100_000
    small = png_within(noisy, 60_000)
    assert len(small) <= 60_000
    assert pixels(small)[0] >= 590
    with pytest.raises(ValueError, match="takes more than 2,000 bytes"):
        png_within(noisy, 2_000)
    with pytest.raises(PictureError, match="takes more than 2,000 bytes"):
        asyncio.run(draw_png(noisy, most_bytes=2_000))


def test_times_are_those_of_a_zone_that_is_named() -> None:
    hour = 3_600_000
    marks = [Mark(START_MS + 50 * STEP_MS, MarkKind.RESTART, "restarted")]
    bands = [Band(START_MS, START_MS + hour, "warning")]
    there = memory(marks=marks, bands=bands).shifted(hour)
    found = words(picture(there, zone="CET"))
    assert {"23:00", "CET"} <= set(found)
    assert "CET" not in words(picture(memory()))
    here = picture(memory(marks=marks, bands=bands))
    assert ElementTree.fromstring(picture(there)).findall(f".//{SVG}path")[-1].attrib == (
        ElementTree.fromstring(here).findall(f".//{SVG}path")[-1].attrib
    )


def test_the_event_loop_goes_on_while_a_picture_is_drawn() -> None:
    svg = picture(memory())

    async def run() -> tuple[bytes, int]:
        drawing, turns = asyncio.create_task(draw_png(svg)), 0
        while not drawing.done():
            await asyncio.sleep(0.001)
            turns += 1
        return drawing.result(), turns

    drawn, turns = asyncio.run(run())
    assert turns > 20
    assert drawn == png(svg)


def test_a_picture_that_cannot_be_drawn_says_why() -> None:
    with pytest.raises(PictureError, match="root node"):
        asyncio.run(draw_png("<html>"))
    with pytest.raises(PictureError, match=r"longer than 0\.001 s"):
        asyncio.run(draw_png(picture(memory()), deadline=0.001))


def test_a_stack_and_steps_are_drawn() -> None:
    chart = memory(kind=Kind.STACKED)
    assert 'fill-opacity=".82"' in picture(chart)
    assert picture(memory(kind=Kind.STEPS)) != picture(memory())
