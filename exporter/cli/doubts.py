"""What a configuration leaves open, although all of it is valid: `redis-vigil check config` warns of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from exporter.config.alertmanager.config import AlertmanagerConfig
from exporter.config.document import Document
from exporter.config.main import Config
from exporter.config.samplers.queues import ListPattern
from exporter.config.validation import Place
from exporter.errors import Problem
from exporter.notify.not_sent import REMEDY
from exporter.samplers.queues.frameworks.key_owners import KeyOwners


def doubts_of(path: Path, config: Config) -> Sequence[Problem]:
    """The doubts about a file that was read as this configuration, at their places in it."""
    document = Document.load(path)
    return [
        document.problem((*place, second, "key"), _describe(lists, first, second, key))
        for place, lists in _all_lists(config)
        for first, second, key in KeyOwners(lists).doubts()
    ]


def alertmanager_doubts(path: Path, config: AlertmanagerConfig) -> Iterator[Problem]:
    """What an alertmanager.yml holds that nothing is done about, where no Alertmanager sends instead."""
    document = Document.load(path, lenient=True)
    for index, receiver in enumerate(config.receivers):
        if receiver.name not in config.routed_receivers:
            continue
        for kind, number, entry in receiver.not_sent:
            others = "" if receiver.is_sent else f', and "{receiver.name}" has nothing else: nobody is told'
            message = f"redis-vigil does not send to {entry.service}{others}; {REMEDY}"
            yield document.problem(("receivers", index, f"{kind}_configs", number), message)
    for section in config.unused:
        yield document.problem((section,), "redis-vigil does not use it")


def _all_lists(config: Config) -> Iterator[tuple[Place, Sequence[ListPattern]]]:
    where: Place = ("samplers", "queues", "lists")
    yield where, config.samplers.queues.lists
    for index, target in enumerate(config.targets):
        yield ("targets", index, *where), target.samplers.queues.lists


def _describe(lists: Sequence[ListPattern], first: int, second: int, key: bytes) -> str:
    """Both readings of a key, which wins, and the way out."""
    owners = KeyOwners(lists)
    claims = sorted(owners.claims(key), key=lambda claim: (owners.patterns[claim.index].fixed, claim.index))
    weaker, stronger = (claim for claim in claims if claim.index in (first, second))
    readings = " or ".join(
        f'{lists[claim.index].state} in "{claim.name.decode()}"'
        + (f" with priority {claim.priority.decode()}" if claim.priority else "")
        + f' by "{lists[claim.index].key}"'
        for claim in (stronger, weaker)
    )
    literal = f'{{key: "{key.decode()}", name: "{weaker.name.decode()}"'
    literal += f', priority: "{weaker.priority.decode()}"' if weaker.priority else ""
    literal += f", state: {lists[weaker.index].state}}}"
    return (
        f'"{key.decode()}" is {readings}: all keys together decide which, and where they do not, '
        f'"{lists[stronger.index].key}" wins; to decide it, add the key itself: {literal}'
    )
