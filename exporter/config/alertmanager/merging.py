"""Defaults of `global` in receivers.

Source of the rules: `Load` in config/config.go of Alertmanager; each kind has its own, in its own model.
"""

from collections.abc import Iterator, Sequence

from exporter.config.alertmanager.globals import Global
from exporter.config.alertmanager.receivers import KEY_ENDING, Receiver
from exporter.errors import Problem


def with_globals(receiver: Receiver, defaults: Global) -> Receiver:
    """Return the receiver with everything filled in that only `global` says."""
    return receiver.model_copy(
        update={
            f"{kind}{KEY_ENDING}": tuple(entry.with_globals(defaults) for entry in receiver.entries_of(kind))
            for kind in receiver.kinds()
        }
    )


def find_incomplete(receivers: Sequence[Receiver], defaults: Global) -> Iterator[Problem]:
    """Yield what neither a receiver nor `global` says, and what does not go together once both are merged."""
    for position, receiver in enumerate(receivers):
        for kind in receiver.kinds():
            for index, entry in enumerate(receiver.entries_of(kind)):
                place = ("receivers", position, f"{kind}{KEY_ENDING}", index)
                for problem in entry.with_globals(defaults).find_incomplete(defaults):
                    yield Problem((*place, *problem.place), problem.message, problem.at_key)
