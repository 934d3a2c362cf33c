"""Where the commands read events from: a running daemon, or the directory of one."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx

from exporter.cli.daemon_access import DaemonAccess
from exporter.config.main import load_config
from exporter.config.url import parse_server_url
from exporter.errors import StateError, UsageError, VigilError
from exporter.events import MAX_LIMIT, EventQuery
from exporter.events.opening import FILE_NAME, open_to_read
from exporter.events.rows import read_all, read_instances, read_page
from exporter.model.error_text import error_text
from exporter.samplers.slowlog.past import KINDS, MAX_EVENTS, past_reports
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import BadDataError
from exporter.web.event_query import read_event_query

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the command line asks for, as it stands there."""

    instances: Sequence[str] = ()
    kinds: Sequence[str] = ()
    since: str = ""
    until: str = ""

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The same as parameters of the HTTP API."""
        given = {"instance": self.instances, "kind": self.kinds, "since": [self.since], "until": [self.until]}
        return {name: [one for one in values if one] for name, values in given.items()}


class EventSource(Protocol):
    """A place that events are kept in. Everything raises `VigilError`."""

    def events(self, filters: Filters, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return at most so many events, as `/api/events` has them, the newest first."""
        ...

    def slow_patterns(self, filters: Filters, pattern: str) -> Sequence[Mapping[str, Any]]:
        """Return reports on slow commands, as `/api/slowlog` has them."""
        ...

    def instances(self) -> Mapping[str, str]:
        """Return the servers that it knows: by their names, the ones that they would have without a name."""
        ...


def open_source(access: DaemonAccess, path: Path | None, config: Path | None) -> EventSource:
    """Return the one that the command line names. Raises `UsageError`, `ConfigError`."""
    if sum(one is not None for one in (access.url, path, config)) != 1:
        raise UsageError(
            "name one place to read from: --url of a running daemon, --path of its directory, or --config"
        )
    if access.url is not None:
        return DaemonEvents(access)
    named: dict[str, str] = {}
    if config is not None:
        settings = load_config(config)
        path = settings.storage.path
        if path is None:
            raise UsageError(f"{config} has no storage.path: events are in the daemon's memory, use --url")
        named = {target.name: target.url.address.instance for target in settings.targets}
    assert path is not None
    file = path / FILE_NAME if path.is_dir() or path.name != FILE_NAME else path
    return DirectoryEvents(file, named)


class DaemonEvents:
    """Asks a daemon by HTTP."""

    def __init__(self, access: DaemonAccess) -> None:
        self._access = access

    def events(self, filters: Filters, limit: int) -> Sequence[Mapping[str, Any]]:
        """See `EventSource`."""
        found: list[Mapping[str, Any]] = []
        cursor: str | None = ""
        with self._access.client() as client:
            while cursor is not None and len(found) < limit:
                most = str(min(limit - len(found), MAX_LIMIT))
                parameters = {**filters.parameters, "limit": [most], "cursor": [cursor]}
                page = _get(client, "/api/events", parameters)
                found += page["events"]
                cursor = page["next_cursor"]
        return found

    def slow_patterns(self, filters: Filters, pattern: str) -> Sequence[Mapping[str, Any]]:
        """See `EventSource`."""
        parameters = {**filters.parameters, "pattern": [pattern]}
        parameters.pop("kind")
        with self._access.client() as client:
            found: Sequence[Mapping[str, Any]] = _get(client, "/api/slowlog", parameters)["targets"]
            return found

    def instances(self) -> Mapping[str, str]:
        """See `EventSource`."""
        with self._access.client() as client:
            active = _get(client, "/api/v1/targets", {"state": ["active"]})["data"]["activeTargets"]
        return {one["labels"]["instance"]: _place_of(one["scrapeUrl"]) for one in active}

    def __str__(self) -> str:
        return "the daemon"


def _place_of(url: str) -> str:
    try:
        return parse_server_url(url).address.instance
    except ValueError:
        return url


def _get(client: httpx.Client, path: str, parameters: Mapping[str, Sequence[str]]) -> Any:
    where = f"{client.base_url}".rstrip("/")
    try:
        answer = client.get(path, params=[(name, one) for name, many in parameters.items() for one in many])
        document = (
            answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
        )
    except (httpx.HTTPError, ValueError) as error:
        why = error_text(error)
        raise VigilError(f"{where} cannot be asked: {why}; is the daemon running there?") from error
    if answer.status_code == 401:
        raise UsageError(f"{where} wants a name and a password: --user and --password-file")
    if answer.status_code == 400:
        raise UsageError(str(document.get("error", answer.text[:200])))
    if answer.status_code != 200 or not isinstance(document, dict):
        told = document.get("error") if isinstance(document, dict) else None
        raise VigilError(f"{where}{path} answers {answer.status_code}{f': {told}' if told else ''}")
    return document


class DirectoryEvents:
    """Reads the file of a daemon, whether it runs or not."""

    def __init__(self, path: Path, named: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._named = dict(named or {})

    def events(self, filters: Filters, limit: int) -> Sequence[Mapping[str, Any]]:
        """See `EventSource`."""
        query = self._query(filters, limit)
        return [event.as_json() for event in self._read(lambda file: read_page(file, query).events)]

    def slow_patterns(self, filters: Filters, pattern: str) -> Sequence[Mapping[str, Any]]:
        """See `EventSource`."""
        asked = self._query(filters, 1)
        query = EventQuery(asked.instances, KINDS, asked.since_ms, asked.until_ms, MAX_EVENTS)
        reports = self._read(lambda file: past_reports(read_all(file, query), pattern))
        return [report.as_json() for report in reports]

    def instances(self) -> Mapping[str, str]:
        """See `EventSource`; of what no configuration names only the name is known."""
        return {**{name: name for name in self._read(read_instances)}, **self._named}

    def __str__(self) -> str:
        return str(self._path)

    def _query(self, filters: Filters, limit: int) -> EventQuery:
        try:
            query = read_event_query(Parameters(filters.parameters, _Now()))
        except BadDataError as error:
            raise UsageError(str(error)) from None
        return EventQuery(query.instances, query.kinds, query.since_ms, query.until_ms, limit)

    def _read(self, work: Callable[[Any], ResultT]) -> ResultT:
        with closing(open_to_read(self._path)) as file:
            try:
                return work(file)
            except (json.JSONDecodeError, file.Error) as error:
                raise StateError(f"{self._path} cannot be read: {error}") from error


class _Now:
    """The time of a command."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def follow(source: EventSource, filters: Filters, limit: int) -> Iterator[Mapping[str, Any]]:
    """Yield the newest events, and then others as they come, the oldest first; never ends."""
    recent = Filters(filters.instances, filters.kinds, _RECENT)
    # Asked for first: what comes in between is among the newest.
    known = dict.fromkeys(event["id"] for event in source.events(recent, MAX_LIMIT))
    newest = source.events(filters, limit)
    known.update(dict.fromkeys(event["id"] for event in newest))
    yield from reversed(newest)
    while True:
        time.sleep(_FOLLOW_SECONDS)
        for event in reversed(source.events(recent, MAX_LIMIT)):
            if event["id"] not in known:
                known[event["id"]] = None
                yield event
        known = dict.fromkeys(list(known)[-_MAX_SEEN:])


_FOLLOW_SECONDS = 2.0
# Entries of the slow log come some time after they happened.
_RECENT = "10m"
_MAX_SEEN = 10_000
