"""Shards on the command line: which is meant, and who is in which."""

from collections import Counter
from collections.abc import Iterator

from exporter.errors import UsageError
from exporter.model.shard import Shard, parse_shard
from exporter.reload import Plan


def shard_of(text: str | None) -> Shard | None:
    """The shard that the command line names; raises `UsageError`."""
    try:
        return parse_shard(text) if text else None
    except ValueError as error:
        raise UsageError(f"--shard: {error}") from None


def shard_lines(plan: Plan) -> Iterator[str]:
    """Say how the servers of a configuration are shared, and list those of its shard; nothing without one."""
    shard = plan.config.shard
    if shard is None:
        return
    shared = [choice for choice in plan.choices if choice.key]
    counts = Counter(shard.number_of(choice.key) for choice in shared)
    numbers = ", ".join(f"{number}/{shard.count}: {counts[number]}" for number in range(1, shard.count + 1))
    if shared:
        yield f"targets by shard: {numbers}"
    width = max((len(target.instance) for target in plan.targets), default=0)
    for choice in shared:
        if shard.holds(choice.key):
            by = "" if choice.key == choice.target.address.instance.lower() else f"  with {choice.key}"
            yield f"  {shard}  {choice.target.instance:{width}}{by}".rstrip()
    if not plan.config.discovery.is_empty:
        yield "servers that discovery finds are shared in the same way"
