"""Kinds of receivers that other packages bring along, as entry points of the group `redis_vigil.receivers`.

An entry point `matrix` names a `exporter.notify.receiver_kind.ReceiverKind`; its entries stand under
`matrix_configs`. A package is imported only where an alertmanager.yml has such a key.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any, Final, Protocol

from pydantic import ConfigDict, create_model

from exporter.config.alertmanager.entry import ReceiverEntry
from exporter.config.alertmanager.not_sent import NotSentConfig
from exporter.config.alertmanager.receivers import KEY_ENDING, Receiver
from exporter.errors import Problem

RECEIVER_GROUP: Final = "redis_vigil.receivers"
"""The entry points of packages that bring a kind of receiver along."""


class ReceiverPlugin(Protocol):
    """What the configuration needs of a kind of receiver; `exporter.notify.receiver_kind` has it all."""

    @property
    def config(self) -> type[ReceiverEntry]:
        """Return the model of an entry."""
        ...


class PluginError(Exception):
    """A kind of receiver that a package names and that cannot be used."""


class _Unchecked(ReceiverEntry):
    """An entry of a kind whose package cannot be used."""

    model_config = ConfigDict(extra="allow")


def load_plugin(kind: str) -> ReceiverPlugin | None:
    """Return what a package brings along for a kind; None where none does. Raises `PluginError`."""
    entry_point = _installed(entry_points).get(kind)
    return None if entry_point is None else _load(entry_point)


def _load(entry_point: EntryPoint) -> ReceiverPlugin:
    try:
        plugin: ReceiverPlugin = entry_point.load()
    except Exception as error:
        raise PluginError(f"{entry_point.value} cannot be loaded: {type(error).__name__}: {error}") from error
    if not _is_kind(plugin, entry_point.name):
        raise PluginError(f'{entry_point.value} is not a ReceiverKind with the name "{entry_point.name}"')
    return plugin


def _is_kind(plugin: object, name: str) -> bool:
    # Its type is defined in a package that stands below this one.
    if type(plugin).__name__ != "ReceiverKind" or getattr(plugin, "name", "") != name:
        return False
    config = getattr(plugin, "config", None)
    return isinstance(config, type) and issubclass(config, ReceiverEntry)


@cache
def _installed(look: Callable[..., EntryPoints]) -> Mapping[str, EntryPoint]:
    """Return the entry points by kind, of the first package where several have one.

    Cached, because looking opens a file of every package that is installed.
    """
    found: dict[str, EntryPoint] = {}
    for entry_point in look(group=RECEIVER_GROUP):
        found.setdefault(entry_point.name, entry_point)
    return found


def extend_receiver(data: object) -> tuple[type[Receiver], list[Problem]]:
    """Return the model of receivers with the kinds of packages that the data of an alertmanager.yml uses.

    A package that cannot be used is a problem at its key; the key is not checked then.
    """
    fields: dict[str, Any] = {}
    problems: list[Problem] = []
    for position, key in _foreign_keys(data):
        try:
            plugin = load_plugin(key.removesuffix(KEY_ENDING))
        except PluginError as error:
            fields[key] = (tuple[_Unchecked, ...], ())
            problems.append(Problem(("receivers", position, key), str(error), at_key=True))
        else:
            if plugin is not None:
                fields[key] = (tuple[plugin.config, ...], ())  # type: ignore[name-defined]  # made at run time
    if not fields:
        return Receiver, problems
    return create_model("Receiver", __base__=Receiver, **fields), problems


def _foreign_keys(data: object) -> Iterator[tuple[int, str]]:
    """Yield keys of kinds that are not our own, or that are not sent to, with the receiver's position."""
    receivers = data.get("receivers") if isinstance(data, dict) else None
    sent = {kind for kind, model in Receiver.kinds().items() if not issubclass(model, NotSentConfig)}
    for position, receiver in enumerate(receivers if isinstance(receivers, list) else ()):
        for key in receiver if isinstance(receiver, dict) else ():
            if key.endswith(KEY_ENDING) and key.removesuffix(KEY_ENDING) not in sent:
                yield position, key
