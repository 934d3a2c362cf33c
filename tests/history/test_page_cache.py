"""What was decoded is kept, up to a bound."""

from exporter.history.page_cache import PageCache


class Page:
    """Decoded again and again; `loads` counts how often."""

    def __init__(self, size: int) -> None:
        self.loads = 0
        self._size = size

    def load(self) -> tuple[str, int]:
        self.loads += 1
        return "decoded", self._size


def test_what_takes_nearly_all_the_room_is_decoded_once() -> None:
    cache, index = PageCache(100), Page(90)
    assert [cache.get("index", index.load) for _ in range(5)] == ["decoded"] * 5
    assert (index.loads, cache.bytes) == (1, 90)


def test_the_latest_used_stay_and_the_bound_holds() -> None:
    cache, pages = PageCache(100), [Page(30) for _ in range(4)]
    for number in (0, 1, 2, 0, 3):
        cache.get(number, pages[number].load)
        assert cache.bytes <= 100
    for number in (0, 2, 3):
        cache.get(number, pages[number].load)
    assert [page.loads for page in pages] == [1, 1, 1, 1]
    cache.get(1, pages[1].load)
    assert pages[1].loads == 2


def test_what_has_no_room_at_all_drives_nothing_out() -> None:
    cache, small, large = PageCache(100), Page(60), Page(101)
    cache.get("small", small.load)
    for _ in range(2):
        cache.get("large", large.load)
    cache.get("small", small.load)
    assert (small.loads, large.loads, cache.bytes) == (1, 2, 60)
