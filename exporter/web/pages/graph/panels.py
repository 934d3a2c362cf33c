"""The panels that the address of the query page names.

`g0.expr`, `g0.tab`, `g0.range_input`, `g0.end_input`, `g0.moment_input`, `g0.step_input`, `g0.stacked` are
those of Prometheus' own page, of both its interfaces: `tab` is 0 or `graph`, 1 or `table`. Source:
https://github.com/prometheus/prometheus, web/ui/mantine-ui/src/pages/query/urlStateEncodeDecode.ts and
web/ui/react-app/src/utils/index.ts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from exporter.model.duration import InvalidDurationError, format_duration, parse_duration
from exporter.web.pages.address import Address, PageError

MOST_PANELS: Final = 10
_PARAMETER: Final = re.compile(r"g(\d{1,3})\.([a-z_]+)")
_TABS: Final = {"0": "graph", "graph": "graph", "1": "table", "table": "table"}
_DEFAULT_RANGE: Final = "1h"
_SHORTEST_MS: Final = 10_000
_LONGEST_MS: Final = 400 * 86_400_000
_MOMENTS: Final = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d",
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One query. `end_ms` is None for now; `step_ms` is None where the range decides it."""

    number: int
    expression: str = ""
    tab: str = "table"
    range_ms: int = 3_600_000
    end_ms: int | None = None
    step_ms: int | None = None
    is_stacked: bool = False

    @property
    def range_text(self) -> str:
        """The range as it is written: `1h`."""
        return format_duration(self.range_ms)

    @property
    def end_text(self) -> str:
        """The end as it is written, in UTC; empty for now."""
        if self.end_ms is None:
            return ""
        return datetime.fromtimestamp(self.end_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")

    @property
    def step_text(self) -> str:
        """The step in seconds, as Prometheus has it; empty where the range decides it."""
        return "" if self.step_ms is None else f"{self.step_ms / 1000:g}"

    def parameters(self) -> Mapping[str, str]:
        """The panel as parameters; those that are as they would be anyway are left out."""
        found = {"expr": self.expression, "tab": "0" if self.tab == "graph" else "1"}
        if self.range_text != _DEFAULT_RANGE:
            found["range_input"] = self.range_text
        if self.end_ms is not None:
            found["end_input"] = found["moment_input"] = self.end_text
        if self.step_ms is not None:
            found["step_input"] = self.step_text
        if self.is_stacked:
            found["stacked"] = "1"
        return {f"g{self.number}.{name}": value for name, value in found.items()}


def read_panels(address: Address) -> Sequence[Panel]:
    """Return the panels of an address, numbered anew; one that is empty where it names none.

    Raises `PageError`.
    """
    numbers = sorted({int(match[1]) for name in address.parameters if (match := _PARAMETER.fullmatch(name))})
    panels = [_read(address, number) for number in numbers[:MOST_PANELS]]
    return [replace(panel, number=index) for index, panel in enumerate(panels or [Panel(0)])]


def link(panels: Sequence[Panel], **others: str) -> str:
    """Return the address of the page with these panels, relative to it."""
    parameters = {name: value for panel in panels for name, value in panel.parameters().items()}
    return "?" + urlencode({**parameters, **others})


def _read(address: Address, number: int) -> Panel:
    def text(name: str) -> str:
        return address.text(f"g{number}.{name}")

    tab = text("tab")
    return Panel(
        number,
        text("expr"),
        # Whoever writes a link by hand mostly means the figures.
        _TABS.get(tab, "table"),
        _range_ms(f"g{number}.range_input", text("range_input") or _DEFAULT_RANGE),
        _moment_ms(f"g{number}.end_input", text("end_input") or text("moment_input")),
        _step_ms(f"g{number}.step_input", text("step_input")),
        text("stacked") in ("1", "true") or text("display_mode") == "stacked",
    )


def _range_ms(name: str, text: str) -> int:
    try:
        range_ms = parse_duration(text)
    except InvalidDurationError:
        range_ms = 0
    if not _SHORTEST_MS <= range_ms <= _LONGEST_MS:
        raise PageError(400, f"The parameter {name} is a duration of 10s to 400d, such as 6h.")
    return range_ms


def _moment_ms(name: str, text: str) -> int | None:
    if not text:
        return None
    for form in _MOMENTS:
        try:
            return round(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp() * 1000)
        except ValueError:
            continue
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 1e11:
        raise PageError(400, f"The parameter {name} is a moment in UTC, such as 2026-03-14 04:00:00.")
    return round(seconds * 1000)


def _step_ms(name: str, text: str) -> int | None:
    if not text:
        return None
    try:
        step_ms = round(float(text) * 1000)
    except (ValueError, OverflowError):
        try:
            step_ms = parse_duration(text)
        except InvalidDurationError:
            step_ms = 0
    if not 1 <= step_ms <= _LONGEST_MS:
        raise PageError(400, f"The parameter {name} is a number of seconds, such as 15.")
    return step_ms
