"""Telegraf's `[[inputs.redis]]` and `[[inputs.redis_sentinel]]` as a `config.yml`.

Source of keys, defaults and their meaning: plugins/inputs/redis, plugins/inputs/redis_sentinel and
plugins/common/tls of github.com/influxdata/telegraf, and its docs/CONFIGURATION.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from exporter.config.url import ServerUrl, parse_server_url
from exporter.drafts import Draft, Suggestion
from exporter.errors import ConfigError, Problem
from exporter.migration.agent_configuration import agent_draft
from exporter.migration.entry import Entry
from exporter.migration.label_names import labels_of
from exporter.migration.notes import Notes
from exporter.migration.passwords import Password
from exporter.migration.servers import Server
from exporter.migration.telegraf_commands import CommandSamplers
from exporter.migration.telegraf_reasons import AGENT_REASONS, REASONS
from exporter.migration.telegraf_text import read_toml
from exporter.migration.toml_places import TablePlace, find_tables
from exporter.migration.variables import UnsetVariableError, expand, variable_in
from exporter.model.secret import Secret

_PLUGINS: Final = {"redis": 6379, "redis_sentinel": 26379}
_TLS: Final = {
    "tls_ca": "ca_file",
    "tls_cert": "cert_file",
    "tls_key": "key_file",
    "ssl_ca": "ca_file",
    "ssl_cert": "cert_file",
    "ssl_key": "key_file",
}
_COMMANDS: Final = "inputs.redis.commands"
_SECRET_STORE: Final = (
    "password comes out of a secret store of Telegraf, which is not asked here: have it read by "
    "password_file or password_command"
)
_SENTINELS: Final = (
    "The sentinels are watched as they were. With this the primaries and replicas that they know are found "
    "and watched too; user and password of those are put in here."
)


@dataclass(frozen=True, slots=True)
class _File:
    """A telegraf.conf with what the environment puts into it."""

    name: str
    content: str = field(repr=False)
    base: Path
    environment: Mapping[str, str] = field(repr=False)
    notes: Notes

    def text(self, entry: Entry, key: str, default: str = "") -> str:
        """A text with its variables put in; raises `ConfigError` for one that is not set here."""
        return self.expanded(entry, key, entry.text(key, default))

    def expanded(self, entry: Entry, key: str, text: str, *, keeps_bare: bool = False) -> str:
        try:
            return expand(text, self.environment, keeps_bare=keeps_bare)
        except UnsetVariableError as error:
            raise entry.wrong(key, str(error)) from None


def migrate_telegraf(text: str, name: str, base: Path, environment: Mapping[str, str]) -> Draft:
    """Return the draft for a telegraf.conf of this text and name.

    `environment` is what its variables are put in from. Raises `ConfigError` where it is no TOML, or holds no
    server.
    """
    root = read_toml(text, name, environment)
    file = _File(name, text, base, environment, Notes())
    inputs = root.get("inputs")
    if not isinstance(inputs, dict) or not inputs.keys() & _PLUGINS.keys():
        message = "has no [[inputs.redis]] and no [[inputs.redis_sentinel]]"
        raise ConfigError([Problem((), message, file=name)])
    tags = _tags(_table(root, "global_tags", name, text), file)
    samplers = CommandSamplers()
    servers: list[Server] = []
    sentinels: list[str] = []
    for plugin, port in _PLUGINS.items():
        for entry in _tables(inputs.get(plugin), f"inputs.{plugin}", name, text):
            watched = list(_servers(entry, port, tags, samplers, file))
            servers += watched
            sentinels += [str(server.url) for server in watched if plugin == "redis_sentinel"]
    agent = _table(root, "agent", name, text)
    interval_ms = agent.milliseconds("interval")
    for key in AGENT_REASONS:
        if key in agent.data:
            file.notes.differ(f"agent.{key} {AGENT_REASONS[key]}", agent.where(key))
    discovery = Suggestion({"sentinel": [{"urls": sentinels}]}, _SENTINELS)
    sections = {"discovery": discovery} if sentinels else {}
    return agent_draft(
        "telegraf",
        name,
        servers,
        file.notes,
        interval_ms=interval_ms,
        sections=sections,
        files=samplers.files,
    )


def _tables(value: Any, path: str, name: str, text: str) -> Iterator[Entry]:
    tables = value if isinstance(value, list) else [value] if value is not None else []
    places = find_tables(text, path)
    for index, table in enumerate(tables):
        place = places[index] if index < len(places) else TablePlace(1, {})
        if not isinstance(table, dict):
            raise ConfigError([Problem((path,), "must be a table", file=name, line=place.line, column=1)])
        yield Entry(name, table, place.locate)


def _table(root: Mapping[str, Any], path: str, name: str, text: str) -> Entry:
    """A table of which there is one; it is empty where there is none."""
    return next(_tables(root.get(path), path, name, text), Entry(name, {}, lambda _: 1))


def _tags(entry: Entry, file: _File) -> Mapping[str, str]:
    pairs = [(tag, file.text(entry, tag)) for tag in entry.data]
    return labels_of(pairs, file.notes, entry.where())


def _servers(
    entry: Entry, port: int, tags: Mapping[str, str], samplers: CommandSamplers, file: _File
) -> Iterator[Server]:
    tls = _tls(entry, file)
    username, password = file.text(entry, "username"), _password(entry, file)
    own_tags = entry.raw("tags") or {}
    if not isinstance(own_tags, dict):
        raise entry.wrong("tags", "must be a table of names and values")
    labels = {**tags, **_tags(Entry(file.name, own_tags, lambda _: entry.locate("tags")), file)}
    commands = _commands(entry, file)
    section = samplers.section(commands, file.notes)
    interval_ms = entry.milliseconds("interval")
    for text in entry.texts("servers") or (f"tcp://localhost:{port}",):
        try:
            url = _parse(file.expanded(entry, "servers", text), port, tls is not None)
        except ValueError as error:
            file.notes.differ(f"this server is not taken: its address {error}", entry.where("servers"))
            continue
        yield Server(
            url,
            entry.where("servers"),
            username=username or url.username,
            password=password,
            tls=tls or {},
            labels=labels,
            sample_interval_ms=interval_ms,
            samplers=section,
        )
    entry.tell_unread(REASONS, file.notes)


def _commands(entry: Entry, file: _File) -> Sequence[Entry]:
    """The commands, each with its place; those in one list are said to stand where that does."""
    commands = entry.raw("commands") or []
    if not isinstance(commands, list) or not all(isinstance(one, dict) for one in commands):
        raise entry.wrong("commands", "must be tables: [[inputs.redis.commands]]")
    first = entry.locate("commands")
    places = [place for place in find_tables(file.content, _COMMANDS) if place.line >= first]
    if places and places[0].line != first:
        places = []
    places += [TablePlace(first, {})] * len(commands)
    return [Entry(file.name, one, place.locate) for one, place in zip(commands, places, strict=False)]


def _parse(text: str, default_port: int, uses_tls: bool) -> ServerUrl:
    """A server's address; raises `ValueError`."""
    if text.startswith("unix://"):
        return parse_server_url(text)
    rest = text.removeprefix("tcp://")
    host = rest.rpartition("@")[2]
    has_port = ":" in host.rpartition("]")[2]
    return parse_server_url(
        f"{'rediss' if uses_tls else 'redis'}://{rest}{'' if has_port else f':{default_port}'}"
    )


def _tls(entry: Entry, file: _File) -> dict[str, str | bool] | None:
    """The section `tls`; None without TLS, which Telegraf uses where one of the options is given."""
    files: dict[str, str | bool] = {
        ours: str(file.base / path) for theirs, ours in _TLS.items() if (path := file.text(entry, theirs))
    }
    options: dict[str, str | bool] = {**files}
    if server_name := file.text(entry, "tls_server_name"):
        options["server_name"] = server_name
    if entry.flag("insecure_skip_verify"):
        options["insecure_skip_verify"] = True
    enabled = entry.flag("tls_enable")
    return None if enabled is False or not (options or enabled) else options


def _password(entry: Entry, file: _File) -> Password:
    text = entry.text("password")
    if variable := variable_in(text):
        return Password(environment=variable)
    if text.startswith("@{"):
        file.notes.differ(_SECRET_STORE, entry.where("password"))
        return Password()
    return Password(Secret(file.expanded(entry, "password", text, keeps_bare=True)))
