"""From matchers to series: which ones satisfy them."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.sample import Point
from exporter.store.block import Block
from exporter.store.needs import metric_name
from exporter.store.series import Series


def select_series(blocks: Iterable[Block], matchers: Sequence[Matcher]) -> Iterator[tuple[Block, Series]]:
    """The series of all blocks that satisfy all matchers, the ended ones included; each an object of its own.

    Labels are put together of those that fit only: what a point has of its own is looked at before, and
    what all series of a layout have in common once for all of them.
    """
    name = metric_name(matchers) or None
    for block in list(blocks):
        fits_by_base: dict[Labels, Callable[[Point], bool]] = {}
        for layout, position in block.places(name):
            fits = fits_by_base.get(layout.base)
            if fits is None:
                fits = fits_by_base[layout.base] = _test(matchers, layout.base)
            if fits(layout.points[position]):
                yield block, Series(layout.labels(position), block, layout, position)


def _test(matchers: Sequence[Matcher], base: Labels) -> Callable[[Point], bool]:
    """Tells whether a point fits whose series have these labels in common."""
    by_base = [(matcher, matcher.matches_value(base.get(matcher.name))) for matcher in matchers]

    def fits(point: Point) -> bool:
        get = point.series.get
        for matcher, is_met in by_base:
            own = get(matcher.name)
            if not (matcher.matches_value(own) if own else is_met):
                return False
        return True

    return fits
