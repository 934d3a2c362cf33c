"""Every framework there is: those of this project, and those that other packages bring along.

A package adds one by an entry point in the group `redis_vigil.queue_frameworks` that names a function: it is
handed the section `samplers.queues` and returns a `Framework`.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Final

from exporter.config.samplers.queues import FRAMEWORK_GROUP, QueuesSection
from exporter.log import get_logger
from exporter.queues.base import Framework
from exporter.queues.frameworks import (
    arq,
    asynq,
    bee,
    bull,
    bullmq,
    celery,
    dramatiq,
    gocraft,
    hangfire,
    huey,
    kue,
    laravel,
    lists,
    resque,
    rq,
    rsmq,
    saq,
    sidekiq,
    streams,
    symfony,
    taskiq,
    tasktiger,
)
from exporter.queues.frameworks.former import adapt

log = get_logger(__name__)

_OWN: Final[Sequence[Framework]] = (
    bullmq.FRAMEWORK,
    bull.FRAMEWORK,
    bee.FRAMEWORK,
    celery.FRAMEWORK,
    rq.FRAMEWORK,
    sidekiq.FRAMEWORK,
    resque.FRAMEWORK,
    dramatiq.FRAMEWORK,
    arq.FRAMEWORK,
    huey.FRAMEWORK,
    saq.FRAMEWORK,
    asynq.FRAMEWORK,
    laravel.FRAMEWORK,
    taskiq.FRAMEWORK,
    kue.FRAMEWORK,
    rsmq.FRAMEWORK,
    tasktiger.FRAMEWORK,
    gocraft.FRAMEWORK,
    hangfire.FRAMEWORK,
    symfony.FRAMEWORK,
    streams.FRAMEWORK,
)


def own_names() -> frozenset[str]:
    """The values of the label `framework`, as far as no other package brings one along."""
    return frozenset({lists.PlainLists.name, *(framework.name for framework in _OWN)})


Build = Callable[[QueuesSection], Framework]


def build_frameworks(settings: QueuesSection) -> list[Framework]:
    """The frameworks that the settings ask for.

    Plain lists come along where any are configured. One from elsewhere that cannot be loaded is left out,
    with a warning.
    """
    all_frameworks = [*_OWN, *_outside(settings)]
    if settings.frameworks != "auto":
        wanted = set(settings.frameworks)
        for unknown in sorted(wanted - {framework.name for framework in all_frameworks}):
            log.warning("unknown queue framework", framework=unknown)
        all_frameworks = [framework for framework in all_frameworks if framework.name in wanted]
    if settings.lists or settings.workers:
        all_frameworks.append(lists.PlainLists(settings))
    return all_frameworks


@cache
def _installed(look: Callable[..., EntryPoints]) -> Sequence[EntryPoint]:
    """Return the entry points of other packages.

    To look means to open a file of every package that is there, which takes too long to be done for each
    server.
    """
    return tuple(look(group=FRAMEWORK_GROUP))


def _outside(settings: QueuesSection) -> list[Framework]:
    found: list[Framework] = []
    for entry_point in _installed(entry_points):
        try:
            build: Build = entry_point.load()
            found.append(adapt(build(settings)))
        except Exception as error:
            # Whatever a foreign package does wrong, the frameworks of our own go on.
            log.warning("queue framework cannot be loaded", entry_point=entry_point.value, error=error)
    return found
