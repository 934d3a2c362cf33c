"""From all that was found to what is watched: each server once, each under a name of its own."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

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


def name_apart(found: Sequence[Found], others: Collection[str] = ()) -> Sequence[Found]:
    """The same servers, of which no two have one name, nor that of others: the second by address is `name-2`,
    and so on."""
    by_name: dict[str, list[Found]] = {}
    for one in found:
        by_name.setdefault(one.target.instance, []).append(one)
    taken = {*by_name, *others}
    renamed: dict[Target, Found] = {}
    for name, servers in by_name.items():
        first = 0 if name in others else 1
        for one in sorted(servers, key=lambda server: place_of(server.target.address))[first:]:
            new = _free_name(name, taken)
            taken.add(new)
            renamed[one.target] = replace(one, target=replace(one.target, instance=new))
    return [renamed.get(one.target, one) for one in found]


def _free_name(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
