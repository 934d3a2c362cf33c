"""Shards that are out of balance, since most servers have to stay together."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from exporter.errors import Problem
from exporter.reload import Plan

_LEAST: Final = 10


def shard_warnings(plan: Plan) -> Iterator[Problem]:
    """Return a warning where more than half of many servers, and of a shard's share, have one key."""
    if plan.config.shard is None:
        return
    keys = Counter(choice.key for choice in plan.choices if choice.key)
    for key, count in keys.most_common(1):
        if keys.total() >= _LEAST and count > keys.total() / 2:
            message = (
                f'{count} of {keys.total()} targets have the cluster or master_name "{key}", so that one '
                "daemon watches them all: if they need not stay together, write __shard__ by relabel_configs"
            )
            yield Problem(("shard",), message, file=str(plan.file or ""))
