"""Netdata's `go.d/redis.conf` as a `config.yml`.

Source of keys, defaults and their meaning: src/go/plugin/go.d/collector/redis of github.com/netdata/netdata
(collector.go, init.go, config_schema.json), and its page on secrets.
"""

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from exporter.config.document import Document
from exporter.config.url import ServerUrl, parse_server_url
from exporter.drafts import Draft
from exporter.errors import ConfigError
from exporter.migration.agent_configuration import agent_draft
from exporter.migration.entry import Entry
from exporter.migration.notes import Notes
from exporter.migration.passwords import Password
from exporter.migration.servers import Server
from exporter.model.secret import Secret

_REFERENCE: Final = re.compile(r"\$\{(env|file|cmd|store):([^}]*)\}")
_TLS: Final = {"tls_ca": "ca_file", "tls_cert": "cert_file", "tls_key": "key_file"}
_REASONS: Final = {
    "autodetection_retry": "is not needed: a server that does not answer is tried again and again",
    "ping_samples": "is not needed: each round trip of PING is in redis_ping_duration_seconds",
    "vnode": "is not taken: a server is told apart by its labels, write labels",
    "functions": "is not taken: /slowlog and `redis-vigil slowlog` show slow commands",
    "priority": "is not taken: it is the order of charts in Netdata",
    "module": "is not taken",
}
_DEFAULT_ADDRESS: Final = "redis://localhost:6379"


def migrate_netdata(document: Document) -> Draft:
    """Return the draft for a `go.d/redis.conf`; raises `ConfigError` where it holds no server."""
    notes = Notes()
    root = Entry.of(document, (), document.data)
    jobs = root.raw("jobs")
    if not isinstance(jobs, list) or not jobs:
        raise ConfigError([document.problem((), "has no jobs: is it a go.d/redis.conf of Netdata?")])
    interval = root.milliseconds("update_every")
    names: dict[str, str] = {}
    servers = []
    for index, data in enumerate(jobs):
        job = Entry.of(document, ("jobs", index), data)
        name, where = job.text("name"), job.where()
        if name in names:
            notes.differ(
                f"job {name} is not taken: Netdata takes the first of this name that answers, which is at "
                f"{names[name]} here; if it is the other, put in its address",
                where,
            )
            continue
        if name:
            names[name] = where
        servers += _servers(job, name, document.base, notes)
    root.tell_unread(_REASONS, notes)
    return agent_draft("netdata", document.name, servers, notes, interval_ms=interval)


def _servers(job: Entry, name: str, base: Path, notes: Notes) -> list[Server]:
    address, login = _split_reference(job.text("address", _DEFAULT_ADDRESS))
    tls = _tls(job, base)
    try:
        url = _parse(address, bool(tls), notes, job.where("address"))
    except ValueError as error:
        notes.differ(f"job {name or address} is not taken: its address {error}", job.where("address"))
        return []
    # As in Netdata, what stands in the address comes first.
    password = login or (Password() if url.password else _password(job, notes))
    server = Server(
        url,
        job.where(),
        instance=name,
        username=url.username or job.text("username"),
        password=password,
        tls=tls,
        sample_interval_ms=job.milliseconds("update_every"),
        sample_timeout_ms=job.milliseconds("timeout"),
    )
    job.pass_over(("username", "password"))
    job.tell_unread(_REASONS, notes)
    return [server]


def _tls(job: Entry, base: Path) -> dict[str, str | bool]:
    files: dict[str, str | bool] = {
        ours: str((base / path).absolute()) for theirs, ours in _TLS.items() if (path := job.text(theirs))
    }
    return {**files, **({"insecure_skip_verify": True} if job.flag("tls_skip_verify") else {})}


def _password(job: Entry, notes: Notes) -> Password:
    text = job.text("password")
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        return Password(Secret(text))
    password = _referred(match)
    if not password:
        notes.differ(
            "password comes out of a secret store of Netdata, which is not asked here: have it read by "
            "password_file or password_command",
            job.where("password"),
        )
    return password


def _referred(match: "re.Match[str]") -> Password:
    kind, argument = match.groups()
    if kind == "env":
        return Password(environment=argument)
    if kind == "file":
        return Password(file=Path(argument))
    return Password(command=tuple(argument.split())) if kind == "cmd" else Password()


def _split_reference(address: str) -> tuple[str, Password]:
    """Take a password that is a reference out of an address."""
    match = re.search(r"(?<=:)" + _REFERENCE.pattern + r"(?=@)", address)
    if match is None:
        return address, Password()
    return address[: match.start()] + address[match.end() :], _referred(match)


def _parse(address: str, uses_tls: bool, notes: Notes, where: str) -> ServerUrl:
    """The URL without the client's own parameters; raises `ValueError`."""
    plain, _, query = address.partition("?")
    parameters: list[tuple[str, Any]] = parse_qsl(query)
    for key, _ in parameters:
        if key != "db":
            notes.differ(f"{key} in the address is a setting of Netdata's client, and not taken", where)
    database = urlencode([one for one in parameters if one[0] == "db"])
    plain = plain if "://" in plain else f"redis://{plain}"
    if uses_tls and urlsplit(plain).scheme == "redis":
        plain = plain.replace("redis://", "rediss://", 1)
    return parse_server_url(f"{plain}?{database}" if database else plain)
