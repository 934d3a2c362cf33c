"""The draw chooses the keys that are asked about, each with the number that it stands for."""

from collections.abc import Sequence, Set
from random import Random
from typing import Final

from exporter.keyspace.nodes import PILOT, KeyGroup
from exporter.keyspace.plan import SamplePlan

# Of a small sample no group gets so many pilots that nothing is left for those that come later.
_PILOT_SHARE: Final = 0.025
_LEAST_PILOT: Final = 10
# When the pilots are used up, so many groups that come later still get one: at least, and in parts of the
# sample.
_FIRST_KEYS: Final = 200
_FIRST_SHARE: Final = 0.5


class Draw:
    """Draws keys by chance: the first ones of each group all, then at its rate."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._pilots = self._firsts = 0

    def choose(
        self,
        plan: SamplePlan,
        names: Sequence[bytes],
        groups: Sequence[KeyGroup],
        watched: Set[bytes],
        most_keys: int,
    ) -> tuple[list[int], list[float]]:
        """The indexes of the keys to ask about, and how many of the `most_keys` keys each stands for."""
        random = self._random.random
        usual = min(1.0, plan.most / max(1, most_keys))
        kept_back = PILOT - min(PILOT, max(_LEAST_PILOT, int(plan.most * _PILOT_SHARE)))
        firsts = max(_FIRST_KEYS, plan.most * _FIRST_SHARE)
        chosen: list[int] = []
        weights: list[float] = []
        for index, group in enumerate(groups):
            one = group if group.into is None else group.final
            rate = one.rate or usual
            if watched and names[index] in watched:
                rate = 1.0
            elif one.pilot > kept_back and self._pilots < plan.most / 2:
                # SCAN's order has nothing to do with what is asked: the first ones are as good as any.
                one.pilot -= 1
                self._pilots += 1
                rate = 1.0
            elif one.pilot == PILOT and self._firsts < firsts:
                # A key that is alone is seen once, and may be the largest of all.
                one.pilot -= 1
                self._firsts += 1
                rate = 1.0
            if rate >= 1.0 or random() < rate:
                chosen.append(index)
                weights.append(1.0 / rate)
        return chosen, weights
