"""Counts that begin on the page: whoever scrapes it sees what they stood at before their first events."""

import subprocess
from collections.abc import Callable

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.metrics import Exposition, Format, Histogram, SeriesTable
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind
from exporter.store import Store
from tests.peers import require_program

ERRORS = Family("vigil_errors_total", Kind.COUNTER, "Errors.", ("err",))
ODD = Family("vigil_odd", Kind.COUNTER, "A counter that is not named like one.", ("err",))
TOOK = Family("vigil_took_seconds", Kind.HISTOGRAM, "How long.", ("op",))
SPREAD = Family("vigil_spread", Kind.SUMMARY, "How long, otherwise.", ("op",))
GAUGE = Family("vigil_gauge", Kind.GAUGE, "A gauge.", ("key",))
OOM = 'vigil_errors_total{instance="a:1",err="OOM"}'


class Page:
    """A page over one source, whose passes and scrapes take place at given seconds."""

    def __init__(self, form: Format = Format.TEXT, base: Labels | None = None) -> None:
        self.store = Store()
        self.table = SeriesTable("here", Labels({"instance": "a:1"}) if base is None else base)
        self.form = form
        self.page = Exposition(lambda: self.store.groups, form)

    def write(self, at: float, **errors: float) -> None:
        """A good pass."""
        self.table.set(GAUGE, at, "moving")
        for code, count in errors.items():
            self.table.set(ERRORS, count, code)
        self.finish(at)

    def finish(self, at: float) -> None:
        self.table.tell_all(ERRORS, ODD, TOOK, SPREAD)
        self.store.append(self.table.finish(int(at * 1000)))

    def text(self, at: float, *, port: int = 1) -> str:
        """What a scraper that keeps its connection is sent."""
        self.page.scrapers.note("10.0.0.1", port, "Prometheus", at)
        return b"".join(self.page.render()).decode()

    def value(self, at: float, series: str = OOM, *, port: int = 1) -> str | None:
        """The text of one value."""
        lines = [line for line in self.text(at, port=port).splitlines() if line.startswith(f"{series} ")]
        return lines[0].removeprefix(f"{series} ") if lines else None


def test_a_scraper_sees_the_zero_before_the_first_events() -> None:
    page = Page()
    page.write(0)
    assert page.value(1) is None
    page.write(15, OOM=501)
    assert page.value(16) == "0"
    page.write(30, OOM=502)
    assert page.value(31) == "502"


def test_scraped_more_often_than_sampled() -> None:
    page = Page()
    page.write(0)
    seen = []
    for at in range(1, 40):
        if at == 15:
            page.write(15, OOM=501)
        seen.append(page.value(at))
    assert seen[:14] == [None] * 14
    assert seen[14] == "0"
    assert set(seen[15:]) == {"501"}


def test_scraped_more_rarely_than_sampled() -> None:
    page = Page()
    page.write(0)
    assert page.value(1) is None
    page.write(15, OOM=501)
    page.write(30, OOM=501, BUSY=1)
    page.write(45, OOM=502, BUSY=1)
    assert page.value(61) == "0"
    page.write(60, OOM=502, BUSY=1)
    assert page.value(121) == "502"


def test_two_scrapers_see_it_both() -> None:
    page = Page()
    page.write(0)
    for at in (1, 16):
        for port in (1, 2):
            page.value(at + port, port=port)
    page.write(31, OOM=501)
    assert page.value(32, port=1) == "0"
    assert page.value(33, port=2) == "0"
    assert page.value(47, port=1) == "501"
    assert page.value(48, port=2) == "501"


def test_whoever_comes_for_the_first_time_sees_what_there_is() -> None:
    page = Page()
    page.write(0)
    page.write(15, OOM=501)
    assert page.value(16) == "501"


def test_one_that_was_there_before_the_source_was() -> None:
    page = Page()
    assert page.value(0) is None
    page.write(1)
    page.write(16, OOM=501)
    assert page.value(30) == "0"
    assert page.value(60) == "501"


def test_a_page_that_is_written_along_with_sampling_holds_back_until_it_is_read() -> None:
    page = Page()
    page.write(0)
    assert page.value(1) is None
    page.write(15, OOM=501)
    page.page.refresh(list(page.store.groups))
    page.write(30, OOM=502)
    page.page.refresh(list(page.store.groups))
    assert page.value(31) == "0"
    assert page.value(46) == "502"


def test_what_is_held_back_may_end_meanwhile() -> None:
    page = Page()
    page.write(0)
    page.value(1)
    page.write(15, OOM=501)
    assert page.value(16) == "0"
    page.table.lose_track()
    page.store.mark_stale("here", 30_000)
    assert page.value(31) is None
    page.write(45, OOM=501)
    assert page.value(46) == "501"


def test_others_may_begin_while_one_is_held_back() -> None:
    page = Page()
    page.write(0)
    page.value(1)
    page.write(15, OOM=501)
    assert page.value(16) == "0"
    page.write(30, OOM=502, BUSY=3)
    busy = OOM.replace("OOM", "BUSY")
    text = page.text(31)
    assert f"{OOM} 502\n" in text
    assert f"{busy} 0\n" in text
    assert page.value(46, busy) == "3"


def begin_all(page: Page) -> None:
    """One event of each kind, after a pass and a scrape without any."""
    page.write(0)
    page.text(1)
    histogram = Histogram((0.1, 1))
    histogram.observe(0.5)
    page.table.set(ERRORS, 2, "OOM")
    page.table.set(ERRORS, 1, 'a "quoted" one')
    page.table.set(ODD, 1, "OOM")
    page.table.set_buckets(TOOK, histogram.buckets, histogram.sum, "get")
    page.table.set_buckets(TOOK, histogram.buckets, histogram.sum, "set")
    page.table.set_quantile(SPREAD, 0.5, 0.5, "get")
    page.table.set(SPREAD, 0.5, "get", suffix="_sum")
    page.table.set(SPREAD, 1, "get", suffix="_count")
    page.finish(15)


def test_openmetrics_tells_when_they_began() -> None:
    page = Page(Format.OPENMETRICS)
    begin_all(page)
    for at in (16, 31):
        families = {family.name: family for family in parse_openmetrics(page.text(at) + "# EOF\n")}
        created = {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in families.values()
            for sample in family.samples
            if sample.name.endswith("_created")
        }
        assert created == {
            ("vigil_errors_created", "OOM", "a:1"): 0.0,
            ("vigil_errors_created", 'a "quoted" one', "a:1"): 0.0,
            ("vigil_took_seconds_created", "a:1", "get"): 0.0,
            ("vigil_took_seconds_created", "a:1", "set"): 0.0,
            ("vigil_spread_created", "a:1", "get"): 0.0,
        }
        (errors,) = [
            s
            for s in families["vigil_errors"].samples
            if s.labels == {"err": "OOM", "instance": "a:1"} and s.name.endswith("_total")
        ]
        assert errors.value == (0.0 if at == 16 else 2.0)


def test_the_text_format_has_no_such_series() -> None:
    page = Page()
    begin_all(page)
    text = page.text(16)
    assert "_created" not in text
    assert {family.name for family in parse_text(text)} >= {"vigil_errors", "vigil_took_seconds"}


def test_without_labels_of_its_own_or_in_common() -> None:
    plain = Family("vigil_plain_total", Kind.COUNTER, "Plain.")
    page = Page(Format.OPENMETRICS, Labels())
    page.write(0)
    page.text(1)
    page.table.set(plain, 1)
    page.table.tell_all(plain)
    page.table.set(GAUGE, 1, "moving")
    page.store.append(page.table.finish(15_000))
    assert "vigil_plain_created" not in page.text(16)
    page.table.tell_all(plain)
    page.store.append(page.table.finish(30_000))
    page.table.set(plain, 3)
    page.finish(45)
    assert "\nvigil_plain_total 0\nvigil_plain_created 30\n" in page.text(46)


@pytest.mark.peers("promtool")
@pytest.mark.parametrize("shown", [lambda page: page.text(16), lambda page: page.text(16) and page.text(31)])
def test_promtool_reads_the_page(shown: Callable[[Page], str]) -> None:
    page = Page()
    begin_all(page)
    checked = subprocess.run(
        [str(require_program("promtool")), "check", "metrics"],
        input=shown(page).encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    # It finds fault with the names of the families that are odd here on purpose; what it cannot read is told.
    assert b"error while linting" not in checked.stderr, checked.stderr
