"""`redis-vigil events --follow`: the newest, then what comes, each once."""

from collections.abc import Sequence
from typing import Any

import pytest

from exporter.cli.event_reading import show_events
from exporter.cli.event_source import Filters
from exporter.cli.formats import OutputFormat
from tests.events.logs import NOW


def told(name: object) -> dict[str, Any]:
    return {"id": str(name), "at": NOW, "instance": "a", "kind": "up", "fields": {"n": name}}


class EndedError(Exception):
    """Ctrl-C."""


class Source:
    """Events of which some come while it is followed; it ends after that."""

    def __init__(self, *coming: Sequence[str]) -> None:
        self.kept = [told(number) for number in range(20)]
        self._coming = list(coming)

    def events(self, _: Filters, limit: int) -> list[dict[str, Any]]:
        return self.kept[::-1][:limit]

    def slow_patterns(self, _: Filters, pattern: str) -> list[dict[str, Any]]:
        raise NotImplementedError

    def instances(self) -> dict[str, str]:
        raise NotImplementedError

    def sleep(self, _: float) -> None:
        if not self._coming:
            raise EndedError
        self.kept += [told(name) for name in self._coming.pop(0)]


def test_nothing_older_than_the_newest_is_told_and_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Source(["late"], [], ["later", "last"])
    monkeypatch.setattr("exporter.cli.event_source.time.sleep", source.sleep)
    with pytest.raises(EndedError):
        show_events(source, Filters(), 2, OutputFormat.TABLE, is_followed=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines] == ["n=18", "n=19", "n=late", "n=later", "n=last"]
