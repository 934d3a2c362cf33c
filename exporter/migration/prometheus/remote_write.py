"""`remote_write` of Prometheus: the keys are the same, secrets go into files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from exporter.config.remote_write import LOGINS, NO_LOGIN, RemoteWriteSection
from exporter.drafts import Commented
from exporter.migration.notes import Notes, line_of
from exporter.migration.passwords import SecretFiles
from exporter.migration.prometheus.fitting import fit, with_full_paths, with_secret_files
from exporter.migration.prometheus.reading import PrometheusFile, mappings_of
from exporter.model.counts import count_of

_BOTH: Final = (
    "Every sample is sent there. If that Prometheus scrapes this daemon and writes there as well, the "
    "receiver gets the same series twice: leave one of the two out."
)
_SECRET_HEADERS: Final = frozenset({"headers", "proxy_connect_header"})


@dataclass(frozen=True, slots=True)
class RemoteWrite:
    """The section `remote_write`, and whether it holds a secret."""

    section: Mapping[str, Any]
    holds_secrets: bool = False


def convert_remote_write(file: PrometheusFile, secrets: SecretFiles, notes: Notes) -> RemoteWrite:
    """The receivers that could be taken, with what of each could be."""
    entries = list(_entries(file, secrets, notes))
    if not entries:
        return RemoteWrite({})
    where = line_of(file.document, ("remote_write",), at_key=True)
    notes.take(f"{where}: {count_of(len(entries), 'receiver')} of remote write")
    holds_secrets = any(_holds_secrets(entry) for entry in entries)
    return RemoteWrite({"remote_write": Commented(entries, _BOTH)}, holds_secrets)


def _entries(file: PrometheusFile, secrets: SecretFiles, notes: Notes) -> Iterator[Mapping[str, Any]]:
    for index, data in enumerate(mappings_of(file.part("remote_write"))):
        if login := next((key for key in LOGINS if data.get(key) is not None), ""):
            where = line_of(file.document, ("remote_write", index, login), at_key=True)
            notes.differ(f"remote_write[{index}] is not taken: {login} {NO_LOGIN}", where)
            continue
        # What does not count here is left out before its secrets go anywhere.
        entry = fit(
            RemoteWriteSection,
            with_full_paths(data, file.document.base),
            file.document,
            ("remote_write", index),
            notes,
            ("url", "write_relabel_configs"),
        )
        if entry is not None:
            yield with_secret_files(entry, str(entry.get("name") or f"remote_write_{index + 1}"), secrets)


def _holds_secrets(entry: Mapping[str, Any]) -> bool:
    return bool(entry.keys() & _SECRET_HEADERS) or "@" in urlsplit(str(entry["url"])).netloc
