"""Merging makes targets of all that was found: each server once, each under a name of its own."""

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from exporter.discovery.base import Found
from exporter.discovery.identity import Place, place_of, places_of
from exporter.model.target import Target


def merge(
    configured: Iterable[Target], found: Iterable[Found], identity: Callable[[Target], str]
) -> Sequence[Found]:
    """Those found that are not configured, and not found before.

    `identity` is what tells a server from all others, empty where that is not known. Two addresses that are
    the same in letters are one server in any case; what the names of hosts lead to decides where a server
    could not be asked.
    """
    seen = _Seen(identity)
    for target in configured:
        seen.add(target)
    kept = []
    for one in found:
        if one.target not in seen:
            kept.append(one)
        seen.add(one.target)
    return kept


class _Seen:
    """Servers, by everything that they could be recognised by."""

    def __init__(self, identity: Callable[[Target], str]) -> None:
        self._identity = identity
        self._identities: set[str] = set()
        self._places: set[Place] = set()
        # By each place that a name leads to: who is there, empty for one of whom nothing is known.
        self._led_to: dict[Place, set[str]] = {}

    def add(self, target: Target) -> None:
        identity = self._identity(target)
        self._places.add(place_of(target.address))
        if identity:
            self._identities.add(identity)
        for place in places_of(target.address):
            self._led_to.setdefault(place, set()).add(identity)

    def __contains__(self, target: Target) -> bool:
        identity = self._identity(target)
        if identity in self._identities or place_of(target.address) in self._places:
            return True
        there = [self._led_to[place] for place in places_of(target.address) if place in self._led_to]
        return any(not identity or "" in identities for identities in there)


def name_apart(
    found: Sequence[Found], others: Collection[str] = (), before: Mapping[Place, str] = MappingProxyType({})
) -> Sequence[Found]:
    """The same servers, of which no two have one name, nor that of others: the second is `name-2`, and so on.

    `before` are the names that servers have had so far: who had one of these keeps it, so that nobody gets
    another name because a server comes or goes. The others get what is left in order of address.
    """
    by_name: dict[str, list[Found]] = {}
    for one in found:
        by_name.setdefault(one.target.instance, []).append(one)
    taken = {*by_name, *others}
    renamed: dict[Target, Found] = {}
    for name, servers in by_name.items():
        names = _names_of(name, len(servers), taken, is_free=name not in others)
        taken.update(names)
        for one, new in zip(_in_order(servers, names, before), names, strict=True):
            renamed[one.target] = replace(one, target=replace(one.target, instance=new))
    return [renamed[one.target] for one in found]


def _names_of(name: str, count: int, taken: Collection[str], *, is_free: bool) -> Sequence[str]:
    """Return so many unused names, with the first itself where it `is_free`."""
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    free = (one for one in numbered if one not in taken)
    return [*([name] if is_free else ()), *itertools.islice(free, count - is_free)]


def _in_order(servers: Sequence[Found], names: Sequence[str], before: Mapping[Place, str]) -> Sequence[Found]:
    """The servers in the order of the names that they get."""
    rest = sorted(servers, key=lambda server: place_of(server.target.address))
    kept: dict[str, Found] = {}
    for one in rest:
        earlier = before.get(place_of(one.target.address), "")
        if earlier in names:
            kept.setdefault(earlier, one)
    left = iter([one for one in rest if one not in kept.values()])
    return [kept.get(name) or next(left) for name in names]
