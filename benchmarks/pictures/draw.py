"""Draw each dashboard as an SVG from the data of a running daemon: `python -m benchmarks.pictures.draw`.

A light rendering of our own, not Grafana's: the same panels, queries, places, units and limits.

    redis-vigil demo --web.listen-address 127.0.0.1:9121     # for ten minutes
    python -m benchmarks.pictures.draw --url http://127.0.0.1:9121 --output docs/pictures
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.pictures.answers import Api
from benchmarks.pictures.plots import draw_panel
from exporter.charts.canvas import Box, Canvas

_COLUMN: Final = 50.0
_LINE: Final = 32.0
_HEADING: Final = 44.0
_GAP: Final = 6.0
_POINTS: Final = 120


def draw(board: dict[str, Any], api: Api) -> str:
    """One dashboard."""
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    canvas = Canvas(24 * _COLUMN + 2 * _GAP, _HEADING + bottom * _LINE + _GAP)
    canvas.rect(Box(0, 0, canvas.width, canvas.height), canvas.theme.paper)
    canvas.text(14, 28, board["title"], size=18, bold=True)
    note = "drawn by redis-vigil from data of its demo: a light rendering, not Grafana"
    canvas.text(canvas.width - 12, 27, note, size=11, fill=canvas.theme.dim, anchor="end")
    for panel in board["panels"]:
        box = _box(panel["gridPos"])
        if panel["type"] == "row":
            canvas.text(box.x + 6, box.y + 20, panel["title"], size=13, bold=True)
        else:
            draw_panel(canvas, panel, box, api)
    return canvas.svg(board["title"])


def _box(place: dict[str, int]) -> Box:
    whole = Box(
        _GAP + place["x"] * _COLUMN,
        _HEADING + place["y"] * _LINE,
        place["w"] * _COLUMN,
        place["h"] * _LINE,
    )
    return whole.inner(_GAP / 2, _GAP / 2, _GAP / 2, _GAP / 2)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:9121", help="where the daemon listens")
    parser.add_argument("--dashboards", type=Path, default=Path("dashboards"), help="the JSON files")
    parser.add_argument("--output", type=Path, default=Path("docs/pictures"), help="where SVGs are written")
    parser.add_argument("--minutes", type=float, default=8, help="how far back the pictures look")
    options = parser.parse_args()
    span = options.minutes * 60
    api = Api(options.url, time.time() - 2, span, span / _POINTS)
    options.output.mkdir(parents=True, exist_ok=True)
    for path in sorted(options.dashboards.glob("*.json")):
        text = draw(json.loads(path.read_text(encoding="utf-8")), api)
        (options.output / f"{path.stem}.svg").write_text(text, encoding="utf-8")
        print(options.output / f"{path.stem}.svg")


if __name__ == "__main__":
    main()
