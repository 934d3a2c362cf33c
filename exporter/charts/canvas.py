"""A picture of fixed size: shapes and text, collected and written as one SVG that needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.charts.names import shown
from exporter.charts.themes import LIGHT, Theme

WIDTH_PER_LETTER: Final = 0.6
_FONT: Final = "font-family=\"Inter,'Segoe UI',Helvetica,Arial,sans-serif\""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    def inner(self, left: float, top: float, right: float, bottom: float) -> "Box":
        """Without margins."""
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)


@dataclass(slots=True)
class Canvas:
    """What has been drawn so far, on the paper of a theme."""

    width: float
    height: float
    theme: Theme = LIGHT
    parts: list[str] = field(default_factory=list)

    def rect(
        self, box: Box, fill: str, *, stroke: str = "none", opacity: float = 1, radius: float = 0
    ) -> None:
        """A filled rectangle."""
        see_through = "" if opacity == 1 else f' fill-opacity="{opacity:.3g}"'
        rounded = f' rx="{radius:g}"' if radius else ""
        edge = "" if stroke == "none" else f' stroke="{stroke}"'
        self.parts.append(
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{max(box.width, 0):.1f}" '
            f'height="{max(box.height, 0):.1f}" fill="{fill}"{edge}{see_through}{rounded}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 11,
        fill: str = "",
        anchor: str = "start",
        bold: bool = False,
        width: float | None = None,
        halo: bool = False,
    ) -> None:
        """One line of text, cut where it would be wider than `width`; a `halo` keeps lines away from it."""
        longest = 1_000 if width is None else max(2, int(width / (size * WIDTH_PER_LETTER)))
        weight = ' font-weight="600"' if bold else ""
        around = f' stroke="{self.theme.card}" stroke-width="3" paint-order="stroke"' if halo else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:.3g}" '
            f'fill="{fill or self.theme.ink}"{weight}{around}>{shown(words, longest)}</text>'
        )

    def line(
        self, points: Sequence[tuple[float, float]], stroke: str, *, width: float = 1.0, dashes: str = ""
    ) -> None:
        """A line through points."""
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(
            f'<polyline points="{places}" fill="none" stroke="{stroke}" stroke-width="{width:g}"{dashed}/>'
        )

    def draw(self, markup: str) -> None:
        """Any shape; what others named in it must have been escaped."""
        self.parts.append(markup)

    def svg(self, title: str) -> str:
        """The whole document; its title is what those hear who do not see it."""
        size = f'viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}" height="{self.height:g}"'
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {_FONT} role="img">\n'
            f"<title>{shown(title, 400)}</title>\n{body}\n</svg>\n"
        )
