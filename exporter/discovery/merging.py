"""From all that was found to what is watched: each server once, each under a name of its own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from exporter.discovery.base import Found
from exporter.discovery.identity import Place, place_of
from exporter.model.target import Target


def merge(
    configured: Iterable[Target], found: Iterable[Found], identity: Callable[[Target], str]
) -> Sequence[Found]:
    """Those found that are not configured, and not found before.

    `identity` is what tells a server from all others, empty where that is not known. Two addresses that are
    the same in letters are one server in any case.
    """
    places: set[Place] = set()
    known: set[str] = set()
    for target in configured:
        places.add(place_of(target.address))
        known.add(identity(target))
    known.discard("")
    kept = []
    for one in found:
        place, name = place_of(one.target.address), identity(one.target)
        if place not in places and name not in known:
            kept.append(one)
        places.add(place)
        known.update({name} - {""})
    return kept


def name_apart(found: Sequence[Found]) -> Sequence[Found]:
    """The same servers, of which no two have one name: the second by address is `name-2`, and so on."""
    by_name: dict[str, list[Found]] = {}
    for one in found:
        by_name.setdefault(one.target.instance, []).append(one)
    taken = set(by_name)
    renamed: dict[Target, Found] = {}
    for name, servers in by_name.items():
        for one in sorted(servers, key=lambda server: place_of(server.target.address))[1:]:
            new = _free_name(name, taken)
            taken.add(new)
            renamed[one.target] = replace(one, target=replace(one.target, instance=new))
    return [renamed.get(one.target, one) for one in found]


def _free_name(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
