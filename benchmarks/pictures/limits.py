"""How Grafana's names of colours look here."""

from typing import Any

from exporter.charts.themes import Theme


def limit_color(limits: dict[str, Any], value: float, theme: Theme) -> str:
    """The colour of the last limit that a value has reached."""
    reached = [step for step in limits["steps"] if step["value"] is None or value >= step["value"]]
    colors = {"green": theme.ok, "orange": theme.texts["warning"], "red": theme.texts["critical"]}
    return colors.get(reached[-1]["color"], theme.texts["info"])
