"""Restart keys of `config.yml` are those that a reload cannot apply: of parts opened once, at the start."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from exporter.config.main import Config

RESTART_KEYS: Final[Mapping[str, str]] = {
    "query.max_concurrency": "the threads of queries are made at the start",
    "storage.path": "the database is opened at the start",
    "web.listen_address": "the socket is opened at the start",
}
"""By key why it is so. A new value holds after a restart; all other keys hold after a reload."""

REMOVAL_KEYS: Final[Mapping[str, str]] = {
    "web.config_file": "a daemon that asks for passwords must not be opened by a line that got lost",
}
"""Keys that a reload applies, but for taking them away; by key why it is so."""

SWITCH_KEYS: Final[Mapping[str, str]] = {
    "storage.history": "the files of the history are opened at the start",
}
"""Keys that a reload applies, but for switching them on or off; by key why it is so."""


def restart_needed(running: Config, wanted: Config) -> tuple[str, ...]:
    """The keys whose values are other ones than those that run, and need a restart."""
    changed = [key for key in RESTART_KEYS if _value(running, key) != _value(wanted, key)]
    removed = [key for key in REMOVAL_KEYS if _value(running, key) and not _value(wanted, key)]
    switched = [key for key in SWITCH_KEYS if bool(_value(running, key)) != bool(_value(wanted, key))]
    return (*changed, *removed, *switched)


def in_force(running: Config, wanted: Config) -> Config:
    """Return the wanted configuration with the running values of keys that need a restart."""
    config = wanted
    for key in restart_needed(running, wanted):
        section, _, name = key.partition(".")
        update = {name: _value(running, key)}
        config = config.model_copy(update={section: getattr(config, section).model_copy(update=update)})
    return config


def _value(config: BaseModel, key: str) -> object:
    section, _, name = key.partition(".")
    return getattr(getattr(config, section), name)
