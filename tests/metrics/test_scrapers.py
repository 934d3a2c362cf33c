"""Who reads a page regularly, and who has seen what it shows."""

import pytest

from exporter.metrics.scrapers import Scrapers


def visits(scrapers: Scrapers, *times: float, port: int = 1, agent: str = "Prometheus/2.42.0") -> None:
    """Requests over one connection."""
    for at in times:
        scrapers.note("10.0.0.1", port, agent, at)


def test_nobody_has_to_see_anything_who_has_not_come_before() -> None:
    scrapers = Scrapers()
    visits(scrapers, 0.0)
    assert not scrapers.are_regular
    visits(scrapers, 15.0)
    assert scrapers.are_regular


def test_one_scraper_sees_a_thing_once() -> None:
    scrapers = Scrapers()
    visits(scrapers, 0.0, 15.0, 30.0)
    since = scrapers.now
    visits(scrapers, 45.0)
    assert scrapers.have_seen(since)


@pytest.mark.parametrize("slow", [30.0, 60.0])
def test_the_slower_of_two_is_waited_for(slow: float) -> None:
    scrapers = Scrapers()
    visits(scrapers, 0.0, slow, port=2)
    for at in range(1, int(slow) * 2, 15):
        visits(scrapers, float(at))
    since = slow + 1.0
    assert not scrapers.have_seen(since)
    visits(scrapers, 2 * slow, port=2)
    visits(scrapers, 2 * slow + 1.0)
    assert scrapers.have_seen(since)


def test_two_that_look_alike_and_do_not_keep_their_connections() -> None:
    scrapers, port = Scrapers(), iter(range(1, 1000))
    for at in (0.0, 7.0, 15.0, 22.0, 30.0):
        visits(scrapers, at, port=next(port))
    since = 30.0
    visits(scrapers, 37.0, port=next(port))
    # That was the other one.
    assert not scrapers.have_seen(since)
    visits(scrapers, 45.0, port=next(port))
    visits(scrapers, 52.0, port=next(port))
    assert scrapers.have_seen(since)


def test_who_does_not_come_back_is_not_waited_for() -> None:
    scrapers = Scrapers()
    visits(scrapers, 0.0, port=7, agent="curl/8")
    visits(scrapers, 1.0, 16.0, 31.0, 46.0)
    # It might be one that comes every minute.
    assert not scrapers.have_seen(31.0)
    visits(scrapers, 61.0)
    assert scrapers.have_seen(31.0)


def test_nobody_is_waited_for_for_long() -> None:
    scrapers = Scrapers()
    visits(scrapers, 0.0, 300.0, port=2)
    for at in range(301, 440, 15):
        visits(scrapers, float(at))
    assert not scrapers.have_seen(430.0)
    assert scrapers.have_seen(310.0)


def test_many_that_come_once_are_forgotten() -> None:
    scrapers = Scrapers()
    for number in range(10_000):
        scrapers.note(f"10.0.{number // 250}.{number % 250}", number, f"agent {number}", float(number))
    assert len(scrapers._scrapers) <= 64
    assert len(scrapers._connections) <= 256
