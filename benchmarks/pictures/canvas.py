"""A little SVG: shapes and text, collected and written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

PALETTE: Final = (
    *("#3871dc", "#e0752d", "#37872d", "#bf1b00", "#8f3bb8", "#0a8a8a", "#b08a00", "#d6337c"),
    *("#5f6b7a", "#73bf69", "#f2994a", "#6ea8fe"),
)
COLORS: Final = {"green": "#2b8a3e", "orange": "#d9730d", "red": "#c92a2a", "blue": "#1f60c4"}
INK: Final = "#24292f"
FAINT: Final = "#6e7781"
RULE: Final = "#e3e6ea"
WIDTH_PER_LETTER: Final = 0.56
_FONT: Final = "font-family=\"Inter,'Segoe UI',Helvetica,Arial,sans-serif\""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    def inner(self, left: float, top: float, right: float, bottom: float) -> "Box":
        """Without margins."""
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)


@dataclass
class Canvas:
    """What has been drawn so far."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def rect(
        self, box: Box, fill: str, *, stroke: str = "none", opacity: float = 1, radius: float = 0
    ) -> None:
        """A filled rectangle."""
        self.parts.append(
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{max(box.width, 0):.1f}" '
            f'height="{max(box.height, 0):.1f}" '
            f'fill="{fill}" stroke="{stroke}" fill-opacity="{opacity:.2f}" rx="{radius:g}"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 11,
        fill: str = INK,
        anchor: str = "start",
        bold: bool = False,
        width: float | None = None,
    ) -> None:
        """One line of text, cut where it would be wider than `width`."""
        if width is not None:
            words = _cut(words, int(width / (size * WIDTH_PER_LETTER)))
        weight = ' font-weight="600"' if bold else ""
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
        self.parts.append(
            f'<text {place} font-size="{size:.3g}" fill="{fill}"{weight}>{escape(words)}</text>'
        )

    def line(
        self, points: Sequence[tuple[float, float]], stroke: str, *, width: float = 1.3, dashed: bool = False
    ) -> None:
        """A line through points."""
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<polyline points="{_coordinates(points)}" fill="none" stroke="{stroke}" '
            f'stroke-width="{width:g}"{dashes}/>'
        )

    def area(self, points: Sequence[tuple[float, float]], fill: str, opacity: float) -> None:
        """A filled shape."""
        self.parts.append(
            f'<polygon points="{_coordinates(points)}" fill="{fill}" fill-opacity="{opacity:g}"/>'
        )

    def svg(self, title: str) -> str:
        """The whole document."""
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" {_FONT} role="img">\n<title>{escape(title)}</title>\n{body}\n</svg>\n'
        )


def _coordinates(points: Sequence[tuple[float, float]]) -> str:
    rounded = [(f"{x:.1f}", f"{y:.1f}") for x, y in points]
    # Inside a level stretch points say nothing.
    needed = [
        point
        for index, point in enumerate(rounded)
        if not 0 < index < len(rounded) - 1 or not rounded[index - 1][1] == point[1] == rounded[index + 1][1]
    ]
    return " ".join(f"{x},{y}" for x, y in needed)


def _cut(words: str, letters: int) -> str:
    return words if len(words) <= letters else words[: max(letters - 1, 1)] + "…"
