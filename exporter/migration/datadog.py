"""The Datadog agent's `conf.d/redisdb.d/conf.yaml` as a `config.yml`.

Source of keys, defaults and their meaning: redisdb/assets/configuration/spec.yaml and
redisdb/datadog_checks/redisdb/redisdb.py of github.com/DataDog/integrations-core.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from exporter.config.document import Document
from exporter.config.url import parse_server_url
from exporter.drafts import Draft
from exporter.errors import ConfigError
from exporter.migration.agent_configuration import agent_draft
from exporter.migration.entry import Entry
from exporter.migration.label_names import labels_of, text_of_tag
from exporter.migration.notes import Notes
from exporter.migration.passwords import Password
from exporter.migration.servers import Server
from exporter.model.key_choice import KeyChoice
from exporter.model.secret import Secret

_TEMPLATE: Final = re.compile(r"%%[^%]+%%")
_ENVIRONMENT: Final = re.compile(r"%%env_(\w+)%%")
_ENCRYPTED: Final = re.compile(r"ENC\[.*\]")
_TLS: Final = {"ssl_ca_certs": "ca_file", "ssl_certfile": "cert_file", "ssl_keyfile": "key_file"}
_REASONS: Final = {
    "command_stats": "is not needed: commands are always counted (redis_commands_total)",
    "collect_client_metrics": "is not needed: clients are always counted by name (samplers.clients)",
    "disable_connection_cache": "is not needed: a connection that broke is replaced",
    "warn_on_missing_keys": "is not taken: a rule on absent(redis_key_size{key=…}) tells of a missing key",
    "empty_default_hostname": "is not taken: it is about the host that Datadog shows",
    "metric_patterns": "is not taken: every metric is sampled",
    "disable_generic_tags": "is not taken: it is about Datadog's tags",
    "enable_legacy_tags_normalization": "is not taken: it is about Datadog's tags",
    "charset": "is not taken",
    "errors": "is not taken",
    "logs": "stay with the agent: redis-vigil reads no log files",
    "ad_identifiers": "stay with the agent: discovery finds servers here",
    "cel_selector": "stays with the agent: discovery finds servers here",
    "jmx_metrics": "is not taken",
}
_AUTODISCOVERY: Final = (
    "{} stands for containers that the agent finds, so this server is not taken: have them found by "
    "discovery (docs/configuration.md), or write their addresses under targets"
)


def migrate_datadog(document: Document) -> Draft:
    """Return the draft for a `redisdb.d/conf.yaml`; raises `ConfigError` where it holds no server."""
    notes = Notes()
    root = Entry.of(document, (), document.data)
    instances = root.raw("instances")
    if not isinstance(instances, list) or not instances:
        message = "has no instances: is it a redisdb.d/conf.yaml of the Datadog agent?"
        raise ConfigError([document.problem((), message)])
    shared = Entry.of(document, ("init_config",), root.raw("init_config") or {})
    service = shared.text("service")
    servers: dict[str, Server] = {}
    for index, data in enumerate(instances):
        instance = Entry.of(document, ("instances", index), data)
        for server in _servers(instance, service, document.base, notes):
            before = servers.get(server.name)
            servers[server.name] = _joined(before, server) if before else server
    shared.tell_unread(_REASONS, notes, what="init_config.")
    root.tell_unread(_REASONS, notes)
    return agent_draft("datadog", document.name, list(servers.values()), notes)


def _joined(first: Server, second: Server) -> Server:
    """Two instances of one server, which differ in the database, are one target with the keys of both."""
    keys = {
        name: [*dict.fromkeys([*_keys_of(first).get(name, ()), *_keys_of(second).get(name, ())])]
        for name in ("check", "check_single")
        if name in _keys_of(first) or name in _keys_of(second)
    }
    samplers = {**second.samplers, **first.samplers, **({"keys": keys} if keys else {})}
    return replace(first, samplers=samplers)


def _keys_of(server: Server) -> Mapping[str, Sequence[str]]:
    keys: Mapping[str, Sequence[str]] = server.samplers.get("keys", {})
    return keys


def _servers(instance: Entry, service: str, base: Path, notes: Notes) -> Iterator[Server]:
    for key in ("host", "port", "unix_socket_path", "db"):
        if template := _TEMPLATE.search(instance.text(key)):
            notes.differ(_AUTODISCOVERY.format(template[0]), instance.where(key))
            return
    uses_tls = bool(instance.flag("ssl"))
    try:
        url = parse_server_url(_url(instance, uses_tls))
    except ValueError as error:
        notes.differ(f"this server is not taken: its address {error}", instance.where("host"))
        return
    database = instance.text("db") or "0"
    yield Server(
        url,
        instance.where(),
        username=instance.text("username"),
        password=_password(instance, notes),
        tls=_tls(instance, uses_tls, base, notes),
        labels=_labels(instance, service, notes),
        sample_interval_ms=instance.milliseconds("min_collection_interval"),
        sample_timeout_ms=instance.milliseconds("socket_timeout"),
        samplers=dict(_samplers(instance, int(database), notes)),
    )
    instance.tell_unread(_REASONS, notes)


def _url(instance: Entry, uses_tls: bool) -> str:
    """Raises `ValueError` for what is no address."""
    socket, database = instance.text("unix_socket_path"), instance.text("db")
    if socket:
        return f"unix://{socket}" + (f"?db={database}" if database not in ("", "0") else "")
    host, port = instance.text("host"), instance.text("port")
    if not host or not port:
        raise ValueError("has no host and port, and no unix_socket_path")
    host = f"[{host}]" if ":" in host and "[" not in host else host
    path = f"/{database}" if database not in ("", "0") else ""
    return f"{'rediss' if uses_tls else 'redis'}://{host}:{port}{path}"


def _password(instance: Entry, notes: Notes) -> Password:
    text = instance.text("password")
    if match := _ENVIRONMENT.fullmatch(text):
        return Password(environment=match[1])
    if _ENCRYPTED.fullmatch(text) or _TEMPLATE.search(text):
        notes.differ(
            "password is put in by the agent, which is not asked here: have it read by password_file or "
            "password_command",
            instance.where("password"),
        )
        return Password()
    return Password(Secret(text))


def _tls(instance: Entry, uses_tls: bool, base: Path, notes: Notes) -> dict[str, str | bool]:
    files: dict[str, str | bool] = {
        ours: str((base / path).absolute())
        for theirs, ours in _TLS.items()
        if (path := instance.text(theirs))
    }
    checks = instance.text("ssl_cert_reqs") not in ("0", "CERT_NONE", "none")
    if not uses_tls:
        if files:
            notes.differ("ssl_… has no effect without ssl: true, and is not taken", instance.where())
        return {}
    if checks:
        notes.differ(
            "the certificate must bear the host's name here, which the agent did not ask for: if it bears "
            "another one, write tls: {server_name: …}",
            instance.where("ssl"),
        )
    return files if checks else {**files, "insecure_skip_verify": True}


def _labels(instance: Entry, service: str, notes: Notes) -> Mapping[str, str]:
    """Tags `name:value`, and the service; one without a value is a label that says `true`."""
    # Before it is taken apart: of `redis://:secret@host` the value alone would not look like a URL.
    where = instance.where("tags")
    tags = [text_of_tag(tag, notes, where).partition(":")[::2] for tag in instance.texts("tags")]
    service = instance.text("service") or service
    named = [(name, value or "true") for name, value in tags]
    return labels_of([*([("service", service)] if service else []), *named], notes, where)


def _samplers(instance: Entry, database: int, notes: Notes) -> Iterator[tuple[str, Any]]:
    if keys := instance.texts("keys"):
        choices = [KeyChoice(database, key) for key in keys if key.strip()]
        patterns = [str(one) for one in choices if one.is_pattern]
        single = [str(one) for one in choices if not one.is_pattern]
        yield (
            "keys",
            {
                **({"check": patterns} if patterns else {}),
                **({"check_single": single} if single else {}),
            },
        )
        if not instance.text("db"):
            notes.differ(
                "keys are looked for in database 0 here (redis_key_size), where the agent looks in all: "
                "write db1=… for those of others",
                instance.where("keys"),
            )
    if entries := instance.number("slowlog-max-len"):
        yield "slowlog", {"max_entries": entries}
