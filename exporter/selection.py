"""Which of all servers this daemon watches: after the top-level `relabel_configs`, those of its `shard`."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from exporter.config.discovery import CLUSTER_LABEL, MASTER_LABEL
from exporter.config.main import Config
from exporter.discovery.base import Found
from exporter.discovery.identity import Place, place_of
from exporter.discovery.relabeling import Relabeling
from exporter.discovery.rewriting import address_labels, rewritten
from exporter.errors import DiscoveryError
from exporter.log import get_logger
from exporter.model.target import INSTANCE_LABEL, JOB_LABEL, Target
from exporter.time_slice import TimeSlice

log = get_logger(__name__)

SHARD_LABEL: Final = "__shard__"
"""The label by which relabelling says itself what a server's shard is computed from."""

_MOST_SAID: Final = 5


class Cause(StrEnum):
    """Why a server is not watched; fit for a label value."""

    RELABELING = "relabel_configs"
    SHARD = "shard"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of one server: it is watched as `target`, or left out for a `cause`.

    `key` is what its shard is computed from; empty for one that relabelling drops.
    """

    target: Target
    key: str = ""
    cause: Cause | None = None
    message: str = ""


class Selection:
    """Chooses servers by a configuration."""

    def __init__(self, config: Config) -> None:
        self.shard = config.shard
        self._job = config.global_.job
        self._relabeling = Relabeling(config.relabel_configs)

    @property
    def is_whole(self) -> bool:
        """Whether all servers are watched as they are."""
        return self.shard is None and not self._relabeling.sections

    def choose(self, target: Target) -> Choice:
        """Return what becomes of a server."""
        known = replace(target, job=target.job or self._job)
        labels = self._relabeling.apply(
            {
                **({JOB_LABEL: known.job} if known.job else {}),
                **known.labels.as_dict(),
                **address_labels(known.address),
                INSTANCE_LABEL: known.instance,
            }
        )
        if labels is None:
            return Choice(target, cause=Cause.RELABELING)
        try:
            changed = rewritten(known, labels) if self._relabeling.sections else target
        except DiscoveryError as error:
            return Choice(target, cause=Cause.REFUSED, message=str(error))
        key = labels.get(SHARD_LABEL) or shard_key(changed)
        if self.shard is not None and not self.shard.holds(key):
            return Choice(changed, key, Cause.SHARD)
        return Choice(changed, key)


def shard_key(target: Target) -> str:
    """Return what the shard of a server is computed from, so that what rules take together stays together.

    That is its label `cluster`, else its label `master_name`, else its address as host:port in small letters.
    """
    labels = target.labels
    return labels.get(CLUSTER_LABEL) or labels.get(MASTER_LABEL) or target.address.instance.lower()


class FoundSelection:
    """Chooses among the servers that discovery finds, and says what it leaves out whenever that changes."""

    def __init__(self) -> None:
        self.left_out: dict[Cause, int] = {}
        self._said: tuple[str, ...] = ()

    async def of(self, config: Config, found: Sequence[Found]) -> Sequence[Found]:
        """Return the servers to watch.

        With shards, one at the address of a configured server is left to that, and of several at one address
        the first counts: their labels may differ, and with them their shards.
        """
        selection = Selection(config)
        self.left_out, messages = {}, list[str]()
        if selection.is_whole:
            return found
        kept: list[Found] = []
        configured = {place_of(section.url.address) for section in config.targets} if config.shard else set()
        async for one in _each_once(found, configured, is_sharded=config.shard is not None):
            choice = selection.choose(one.target)
            if choice.cause is None:
                kept.append(replace(one, target=choice.target))
            else:
                self.left_out[choice.cause] = self.left_out.get(choice.cause, 0) + 1
                messages += [choice.message] if choice.message else []
        self._say(tuple(messages))
        return kept

    def _say(self, messages: tuple[str, ...]) -> None:
        if messages != self._said:
            for message in messages[:_MOST_SAID]:
                log.warning("a server cannot be watched as relabel_configs make it", error=message)
            self._said = messages


async def _each_once(found: Iterable[Found], taken: set[Place], *, is_sharded: bool) -> AsyncIterator[Found]:
    async for one in TimeSlice().each(found):
        place = place_of(one.target.address)
        if not is_sharded or place not in taken:
            yield one
        taken.add(place)
