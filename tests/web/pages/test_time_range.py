"""The range of time that a page shows."""

import pytest

from exporter.web.pages.address import Address, PageError
from exporter.web.pages.time_range import RANGES, read_range

NOW = 1_700_000_123.4


def address(**parameters: str) -> Address:
    """An address with these parameters."""
    return Address("/", "./", {name: [value] for name, value in parameters.items()})


@pytest.mark.parametrize("name", RANGES)
def test_a_range_that_goes_with_the_clock_ends_just_now_in_about_two_hundred_steps(name: str) -> None:
    span = read_range(address(range=name), NOW)
    assert span.is_live
    assert 0 <= NOW * 1000 - span.end_ms < 300_000
    assert 100 <= span.span_ms / span.step_ms <= 200
    coarse = span.coarser()
    assert coarse.step_ms == 2 * span.step_ms
    assert 0 <= span.end_ms - coarse.end_ms <= span.step_ms
    # A moment later it is the same, so that points do not wander from one look to the next.
    if span.step_ms <= 300_000:
        assert span.end_ms % span.step_ms == 0
        assert span.start_ms % span.step_ms == 0


def test_back_and_forward_lead_to_each_other() -> None:
    span = read_range(address(range="6h"), NOW)
    back = {name: str(value) for name, value in span.back().items() if value is not None}
    before = read_range(address(**back), NOW)
    assert (before.end_ms, before.span_ms) == (span.start_ms, span.span_ms)
    assert before.forward(NOW) == {"range": "6h", "from": None, "to": None}


def test_moments_are_seconds_or_rfc_3339() -> None:
    span = read_range(address(**{"from": "2023-11-14T20:00:00Z", "to": "1699999200"}), NOW)
    assert not span.is_live
    assert span.words == "Tue 14 Nov 20:00 – Tue 14 Nov 22:00"


@pytest.mark.parametrize(
    "parameters",
    [
        {"range": "5"},
        {"range": "10s"},
        {"range": "500d"},
        {"from": "soon"},
        {"from": "1700000000", "to": "1600000000"},
        {"to": "1e300"},
    ],
)
def test_what_is_no_range_is_said(parameters: dict[str, str]) -> None:
    with pytest.raises(PageError, match="parameter"):
        read_range(address(**parameters), NOW)
