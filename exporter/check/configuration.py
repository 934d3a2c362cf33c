"""`config_warnings`: says what a configuration leaves open, although all of it is valid."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from exporter.check.tls_files import tls_warnings
from exporter.config.alertmanager.config import AlertmanagerConfig
from exporter.config.document import Document
from exporter.config.fields import format_size
from exporter.config.main import Config
from exporter.config.nodes import Data
from exporter.config.samplers.queues import ListPattern
from exporter.config.url_problems import VARIABLE
from exporter.config.web_config import WebConfig
from exporter.errors import Place, Problem
from exporter.model.counts import count_of
from exporter.model.duration import format_duration
from exporter.notify.not_sent import REMEDY
from exporter.queues.frameworks.key_owners import KeyOwners

# What one pass over a busy server with every sampler takes in the store: docs/performance.md.
_BYTES_PER_PASS: Final = 3_700
_IN_QUERY: Final = (
    "holds a secret in its query ({}), which stands in the logs of every proxy on the way: "
    "write http://user:password@host instead, or have a proxy beside the daemon add it"
)
_NOT_PUT_IN: Final = "holds {}, which is taken as it stands: variables are not put in"


def config_warnings(path: Path, config: Config) -> Sequence[Problem]:
    """Return the warnings about a file that was read as this configuration, at their places in it."""
    document = Document.load(path)
    warnings = [
        document.problem((*place, second, "key"), _describe(lists, first, second, key))
        for place, lists in _all_lists(config)
        for first, second, key in KeyOwners(lists).doubts()
    ]
    if not config.targets and config.discovery.is_empty and not config.peers:
        message = "neither targets nor discovery name a server: nothing would be watched"
        warnings.append(Problem((), message, file=str(path)))
    warnings += [
        document.problem(place, _NOT_PUT_IN.format(name)) for place, name in _variables(document.data)
    ]
    warnings += tls_warnings(document, config)
    if retention := _retention_warning(config):
        warnings.append(document.problem(("storage", "retention"), retention))
    warnings += [document.problem(("storage", key), text) for key, text in _history_warnings(config)]
    return warnings


def secrets_in_queries(path: Path, config: Config) -> Sequence[Problem]:
    """Tokens behind the `?` of a URL.

    The daemon runs with them and shows them nowhere, but who passes the request on may write its URL down.
    """
    document = Document.load(path)
    return [
        document.problem(("alerting", "alertmanagers", index), _IN_QUERY.format(name))
        for index, url in enumerate(config.alerting.alertmanagers)
        if (name := url.secret_in_query)
    ]


def _variables(data: Data, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Texts that look like environment variables, but for what relabelling has of its own groups."""
    if isinstance(data, str):
        # The name only: what stands around it may be a secret.
        if (found := VARIABLE.search(data)) and found[0][2:-1].isupper() and place[-1] != "replacement":
            yield place, found[0]
        return
    children = data.items() if isinstance(data, dict) else enumerate(data or ())
    for step, child in children:
        yield from _variables(child, (*place, step))


def _history_warnings(config: Config) -> Iterator[tuple[str, str]]:
    """Yield keys of `storage` about the history on disk that do nothing, or contradict each other."""
    storage = config.storage
    written = storage.model_fields_set
    if storage.path is None:
        for key in ("history", "history_size", "downsample_after"):
            if key in written:
                yield key, "has no effect: without storage.path nothing is kept on disk"
    elif storage.history.milliseconds:
        if "history" in written and storage.history.seconds < storage.retention.seconds:
            yield (
                "history",
                "is shorter than storage.retention: memory reaches back further than the disk",
            )
        if "downsample_after" in written and storage.downsample_after.seconds >= storage.history.seconds:
            yield "downsample_after", "has no effect: samples are dropped after storage.history before that"


def _retention_warning(config: Config) -> str:
    """Return why the history will be shorter than configured; empty where it will not."""
    storage = config.storage
    if "retention" not in storage.model_fields_set:
        return ""
    servers = max(1, len(config.targets))
    intervals = [one.sample_interval or config.global_.sample_interval for one in config.targets]
    passes = sum(1 / one.seconds for one in intervals or [config.global_.sample_interval])
    lasts_seconds = storage.memory_limit / (passes * _BYTES_PER_PASS)
    if storage.retention.seconds <= lasts_seconds:
        return ""
    lasts = format_duration(_rounded(lasts_seconds) * 1000)
    limit = format_size(storage.memory_limit)
    return (
        f"{storage.retention} is more than storage.memory_limit has room for: {limit} hold about {lasts} of "
        f"{count_of(servers, 'busy server')}, and then the oldest samples are dropped"
    )


def _rounded(seconds: float) -> int:
    """Whole days, hours or minutes: it is an estimate."""
    unit = next((unit for unit in (86_400, 3_600, 60) if seconds >= 2 * unit), 1)
    return max(1, round(seconds / unit)) * unit


def alertmanager_warnings(path: Path, config: AlertmanagerConfig) -> Iterator[Problem]:
    """Return warnings about parts of an alertmanager.yml that have no effect."""
    document = Document.load(path, lenient=True)
    yield from tls_warnings(document, config)
    for index, receiver in enumerate(config.receivers):
        if receiver.name not in config.routed_receivers:
            continue
        for kind, number, entry in receiver.not_sent:
            others = "" if receiver.is_sent else f', and "{receiver.name}" has nothing else: nobody is told'
            message = f"redis-vigil does not send to {entry.service}{others}; {REMEDY}"
            yield document.problem(("receivers", index, f"{kind}_configs", number), message)
    for section in config.unused:
        yield document.problem((section,), "redis-vigil does not use it")


def web_warnings(path: Path | None, config: WebConfig) -> Iterator[Problem]:
    """Return warnings about settings of a web-config.yml that have no effect."""
    http = config.http_server_config
    if path and http.http2 and "http2" in http.model_fields_set:
        document = Document.load(path, lenient=True)
        message = "redis-vigil speaks HTTP/1.1 only, which every client of HTTP/2 speaks too"
        yield document.problem(("http_server_config", "http2"), message)


def _all_lists(config: Config) -> Iterator[tuple[Place, Sequence[ListPattern]]]:
    where: Place = ("samplers", "queues", "lists")
    yield where, config.samplers.queues.lists
    for index, target in enumerate(config.targets):
        yield ("targets", index, *where), target.samplers.queues.lists


def _describe(lists: Sequence[ListPattern], first: int, second: int, key: bytes) -> str:
    """Both readings of a key, which wins, and the way out."""
    owners = KeyOwners(lists)
    matches = sorted(owners.matches(key), key=lambda match: (owners.patterns[match.index].fixed, match.index))
    weaker, stronger = (match for match in matches if match.index in (first, second))
    readings = " or ".join(
        f'{lists[match.index].state} in "{match.name.decode()}"'
        + (f" with priority {match.priority.decode()}" if match.priority else "")
        + f' by "{lists[match.index].key}"'
        for match in (stronger, weaker)
    )
    literal = f'{{key: "{key.decode()}", name: "{weaker.name.decode()}"'
    literal += f', priority: "{weaker.priority.decode()}"' if weaker.priority else ""
    literal += f", state: {lists[weaker.index].state}}}"
    return (
        f'"{key.decode()}" is {readings}: all keys together decide which, and where they do not, '
        f'"{lists[stronger.index].key}" wins; to decide it, add the key itself: {literal}'
    )
