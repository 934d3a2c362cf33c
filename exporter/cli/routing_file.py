"""Routing files: the alertmanager.yml of `--config`, with what the config.yml that names it says of messages.

People have both files, and name either: what is sent is the same.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from exporter.config.document import Document
from exporter.config.main import Config, load_config
from exporter.errors import ConfigError, UsageError

_CONFIG_FILE: Final = "config.yml"
# What either kind of file cannot do without, or has and the other has not.
_OF_ALERTMANAGER: Final = frozenset({"route", "receivers"})
_OF_DAEMON: Final = frozenset(
    {"alerting", "targets", "discovery", "web", "storage", "samplers", "rule_files"}
)


@dataclass(frozen=True, slots=True)
class RoutingFile:
    """An alertmanager.yml, and the configuration of the daemon that uses it.

    `config` is that of `source`; without such a file it is what holds where nothing is said.
    """

    path: Path
    config: Config = field(default_factory=lambda: Config.model_validate({}))
    source: Path | None = None


def find_routing_file(path: Path) -> RoutingFile:
    """The file that `--config` names: an alertmanager.yml, or a config.yml that names one.

    Beside an alertmanager.yml the config.yml is looked at, in case it uses that file. Raises `ConfigError`,
    and `UsageError` for a config.yml that names none.
    """
    if _is_of_daemon(path):
        config = load_config(path)
        if config.alerting.config_file is None:
            raise UsageError(f"{path} has no alerting.config_file: name the alertmanager.yml by --config")
        return RoutingFile(config.alerting.config_file, config, path)
    beside = path.parent / _CONFIG_FILE
    try:
        config = load_config(beside)
        is_used = config.alerting.config_file is not None and config.alerting.config_file.samefile(path)
    except (ConfigError, OSError):
        # It is not the one that was named: whoever wants to know asks `check config`.
        return RoutingFile(path)
    return RoutingFile(path, config, beside) if is_used else RoutingFile(path)


def _is_of_daemon(path: Path) -> bool:
    try:
        data: Any = Document.load(path, lenient=True).data
    except ConfigError:
        return False
    keys = set(data) if isinstance(data, dict) else set()
    return bool(keys & _OF_DAEMON) and not keys & _OF_ALERTMANAGER
