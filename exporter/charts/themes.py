"""The colours of pictures, where no stylesheet is: those of the pages' stylesheet, light and dark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by what they are for: `series` by their number, from 1; `texts` and `marks` by severity."""

    paper: str
    card: str
    ink: str
    dim: str
    line: str
    grid: str
    edge: str
    ok: str
    series: Sequence[str]
    texts: Mapping[str, str]
    marks: Mapping[str, str]

    def colour(self, number: int) -> str:
        """That of a series; what has no number is grey."""
        return self.series[number - 1] if 1 <= number <= len(self.series) else self.series[-1]


LIGHT: Final = Theme(
    paper="#f5f6f8",
    card="#ffffff",
    ink="#171a1f",
    dim="#57606c",
    line="#e3e6ea",
    grid="#eceef1",
    edge="#868f9b",
    ok="#1a7446",
    series=("#2b62d3", "#662e0f", "#48a25d", "#cd69cd", "#0b4566", "#46642f", "#6920a2", "#7b838f"),
    texts={"critical": "#b3201b", "warning": "#8a5300", "info": "#365f8f", "quiet": "#5a6069"},
    marks={"critical": "#b3201b", "warning": "#c77800", "info": "#365f8f", "quiet": "#5a6069"},
)
DARK: Final = Theme(
    paper="#0e1013",
    card="#16191e",
    ink="#e7e9ed",
    dim="#9ba4b1",
    line="#272c33",
    grid="#23272e",
    edge="#6b7582",
    ok="#62cf97",
    series=("#6ea8fe", "#b28056", "#a9e1b6", "#ab4b98", "#53d2ec", "#b3aa3d", "#6e6fe1", "#8a93a0"),
    texts={"critical": "#ff8f86", "warning": "#f3b746", "info": "#9cc0e8", "quiet": "#a3abb6"},
    marks={"critical": "#ff8f86", "warning": "#f3b746", "info": "#9cc0e8", "quiet": "#a3abb6"},
)
