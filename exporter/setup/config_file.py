"""config.yml: the servers as found, everything that a daemon begins with, and the rest as suggestions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from exporter.drafts import Commented, Suggestion, to_yaml

ALERTMANAGER_FILE: Final = "alertmanager.yml"
CONFIG_FILE: Final = "config.yml"
WEB_FILE: Final = "web-config.yml"

_HEADING: Final = (
    "Written by `redis-vigil init`. docs/configuration.md explains every key; after a change:\n\n"
    f"  redis-vigil check config {CONFIG_FILE}\n"
    f"  redis-vigil run --config {CONFIG_FILE}"
)
_ALERTING: Final = (
    "Who is told. Without `rule_files` the rules that come with redis-vigil run, with the thresholds in "
    "docs/rules.md."
)


def config_file(
    *,
    targets: Sequence[Any],
    discovery: Mapping[str, Any],
    samplers: Mapping[str, Any] | Suggestion,
    user: str,
    external_url: str,
    has_web_config: bool,
) -> str:
    """The text of the file. `user` is what stands above the servers, about a user of their ACL."""
    document: dict[str, Any] = {
        "global": {
            "sample_interval": "15s",
            "external_labels": Suggestion({"env": "prod"}, "Labels that every alert gets."),
        }
    }
    if targets:
        document["targets"] = Commented(targets, "\n".join(filter(None, ("The servers to watch.", user))))
    if discovery:
        about = "Servers that come and go are asked for where they are known."
        # It stands once, above what comes first.
        parts = (about, "" if targets else user)
        document["discovery"] = Commented(discovery, "\n".join(filter(None, parts)))
    if samplers:
        document["samplers"] = samplers
    document["rule_files"] = Suggestion(
        ["shipped", "rules/*.yml"], "Rules of your own besides the shipped ones."
    )
    document["alerting"] = Commented({"config_file": ALERTMANAGER_FILE}, _ALERTING)
    document["storage"] = _storage()
    document["web"] = _web(external_url, has_web_config)
    return to_yaml(document, heading=_HEADING)


def _storage() -> Commented:
    keys = {
        "path": "data",
        "history": Suggestion("30d", "How long samples and events are kept, and how much disk they take."),
        "history_size": Suggestion("4GB"),
    }
    return Commented(keys, "What must survive a restart: a directory, beside this file.")


def _web(external_url: str, has_web_config: bool) -> Commented:
    keys: dict[str, Any] = {
        "listen_address": ":9121",
        "external_url": Suggestion(external_url, "By which URL people reach it: for links in messages."),
    }
    if has_web_config:
        keys["config_file"] = WEB_FILE
    else:
        about = "TLS and users with passwords (`redis-vigil init --web-config` writes one)."
        keys["config_file"] = Suggestion(WEB_FILE, about)
    return Commented(keys, "Metrics, pages and APIs: http://localhost:9121.")
