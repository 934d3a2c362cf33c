"""`draft_of`: a `config.yml` with its secrets beside it, made of what was found."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from exporter.drafts import Commented, Draft, Suggestion, to_yaml
from exporter.migration.notes import Notes
from exporter.migration.passwords import SecretFiles
from exporter.migration.redaction import redact

CONFIG: Final = "config.yml"
_STORAGE: Final = (
    "Samples, alerts and silences are kept here over a restart; without a path nothing is.",
    {"path": "/var/lib/redis-vigil"},
)
_ALERTMANAGER: Final = (
    "Nobody is told of alerts yet: an alertmanager.yml, which the daemon runs itself, or the URLs of "
    "Alertmanagers.",
    {"config_file": "alertmanager.yml"},
)


def draft_of(
    document: Mapping[str, Any],
    heading: str,
    secrets: SecretFiles,
    notes: Notes,
    files: Mapping[str, str] | None = None,
    *,
    holds_secrets: bool = False,
) -> Draft:
    """Return the draft of a configuration and what belongs to it.

    `holds_secrets`: the configuration itself does, since a key of it has no form with a file.
    """
    document = _with_suggestions(document)
    return Draft(
        files={CONFIG: to_yaml(document, heading), **(files or {}), **secrets.files},
        private=frozenset({*secrets.files, *([CONFIG] if holds_secrets else [])}),
        redacted={CONFIG: to_yaml(redact(document), heading)} if holds_secrets else {},
        found=tuple(notes.found),
        differs=tuple(notes.differs),
    )


def _with_suggestions(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The sections that are written, and as comments those that most people want besides."""
    comment, value = _ALERTMANAGER
    alerting = {} if "alerting" in document else {"alerting": Suggestion(value, comment)}
    comment, value = _STORAGE
    return {**document, **alerting, "storage": Suggestion(value, comment)}


def targets_of(entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The section `targets`; nothing where there are none."""
    return {"targets": Commented(list(entries), "The servers to watch.")} if entries else {}
