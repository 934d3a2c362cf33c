"""The cycle collector rests while queries run, and sees afterwards what others have made meanwhile."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from exporter.web.api_v1.collector import CollectorPause


class Cycle:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """The collector as it is for all other tests."""
    gc.collect()
    yield
    gc.enable()


def test_it_rests_until_the_last_query_has_ended() -> None:
    pause = CollectorPause()
    pause.begin()
    pause.begin()
    assert not gc.isenabled()
    pause.end()
    assert not gc.isenabled()
    pause.end()
    assert gc.isenabled()


def test_cycles_made_meanwhile_are_collected_with_the_young() -> None:
    pause = CollectorPause()
    pause.begin()
    seen = weakref.ref(Cycle())
    pause.end()
    assert seen() is not None
    gc.collect(0)
    assert seen() is None


def test_after_a_very_large_query_nothing_is_looked_through() -> None:
    pause = CollectorPause()
    pause.begin()
    kept = [[number] for number in range(100_000)]
    pause.end()
    young = gc.get_objects(generation=0)
    assert not any(one is kept[50_000] for one in young)


def test_one_that_others_have_switched_off_stays_off() -> None:
    gc.disable()
    pause = CollectorPause()
    pause.begin()
    pause.end()
    assert not gc.isenabled()
