"""From redis_exporters, one or several, to one draft: one daemon watches what all of them did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from exporter.drafts import Commented, Draft, to_yaml
from exporter.errors import UsageError
from exporter.migration.configuration import draft_of
from exporter.migration.notes import Notes
from exporter.migration.passwords import Password, SecretFiles
from exporter.migration.redis_exporter.exporter import Exporter
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.servers import Server

WEB_CONFIG: Final = "web-config.yml"
_EXAMPLE: Final = "  [{url: 'redis://host:6379'}]"
_WEB_HEADING: Final = "TLS and users of the daemon's own server, taken over from redis_exporter."


@dataclass(frozen=True, slots=True)
class Migration:
    """The draft, and the options of `redis-vigil` that go with it."""

    draft: Draft
    log_options: Sequence[str]


def convert(invocations: Sequence[Invocation]) -> Migration:
    """The configuration that does what they do; raises `UsageError` for what redis_exporter would refuse."""
    exporters = [_read(invocation) for invocation in invocations]
    secrets, notes = SecretFiles(), Notes()
    document = {**_watched(exporters, secrets, notes), **_common(exporters), **_web(exporters, notes)}
    _remark(exporters, notes)
    web_config = exporters[0].web.config
    # Its hashes of passwords are nobody else's business.
    files = {WEB_CONFIG: to_yaml(web_config, _WEB_HEADING)} if web_config else {}
    draft = draft_of(document, _heading(exporters), secrets, notes, files)
    return Migration(replace(draft, private=frozenset({*draft.private, *files})), exporters[0].log_options)


def _read(invocation: Invocation) -> Exporter:
    """What it does; an error says where it was found."""
    try:
        return Exporter.read(invocation)
    except UsageError as error:
        text = str(error)
        where = "" if invocation.origin == Invocation(()).origin else f"{invocation.origin}: "
        raise UsageError(text if text.startswith(where) else f"{where}{text}") from None


def _watched(exporters: Sequence[Exporter], secrets: SecretFiles, notes: Notes) -> Mapping[str, Any]:
    """Targets and clusters, each once; with samplers of their own where exporters differ."""
    targets: list[Mapping[str, Any]] = []
    clusters: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    variables: dict[str, str] = {}
    for exporter in exporters:
        for server in exporter.servers:
            instance = server.url.address.instance
            if instance in seen:
                notes.differ(f"{server.url} has several redis_exporters, and is watched once")
                continue
            seen.add(instance)
            notes.take(str(server))
            first = variables.setdefault(server.variable, exporter.origin)
            if server.variable and first != exporter.origin:
                notes.differ(
                    f"{exporter.origin}: ${server.variable} is the password of {first} too; where theirs "
                    f"differ, give the one of {server.url} another name in config.yml"
                )
            keys = {
                **_access(server, secrets, notes, exporter.origin),
                **_own_settings(exporter, exporters, server),
            }
            if server.is_cluster:
                clusters.append({"urls": [str(server.url)], **keys})
            else:
                targets.append({"url": str(server.url), **keys})
    if not targets and not clusters:
        return {
            "targets": Commented([], "The servers that Prometheus asks /scrape for, such as\n" + _EXAMPLE)
        }
    discovery = {"discovery": {"cluster": clusters}} if clusters else {}
    return {**({"targets": targets} if targets else {}), **discovery}


def _access(server: Server, secrets: SecretFiles, notes: Notes, origin: str) -> Mapping[str, Any]:
    """User, password and TLS as keys."""
    keys: dict[str, Any] = {}
    # Without a password no AUTH is sent.
    if server.username and (server.password or server.variable or server.file):
        keys["username"] = server.username
    if server.file:
        keys |= secrets.key_for(Password(file=server.file), "", notes, origin)
    elif server.variable:
        keys["password_env"] = server.variable
    elif server.password:
        keys["password_file"] = secrets.add(server.password, f"redis-{server.url.address.instance}")
    if server.tls:
        keys["tls"] = dict(server.tls)
    return keys


def _is_common(exporters: Sequence[Exporter]) -> bool:
    first = exporters[0]
    return all(one.samplers == first.samplers and one.timeout == first.timeout for one in exporters)


def _own_settings(exporter: Exporter, exporters: Sequence[Exporter], server: Server) -> dict[str, Any]:
    if _is_common(exporters):
        return {}
    samplers = {"samplers": exporter.samplers} if exporter.samplers else {}
    if server.is_cluster:
        return {"servers": samplers} if samplers else {}
    timeout = {"sample_timeout": exporter.timeout} if exporter.timeout else {}
    return {**timeout, **samplers}


def _common(exporters: Sequence[Exporter]) -> Mapping[str, Any]:
    """What is the same for all of them."""
    if not _is_common(exporters):
        return {}
    first = exporters[0]
    timeout = {"global": {"sample_timeout": first.timeout}} if first.timeout else {}
    return {**timeout, **({"samplers": first.samplers} if first.samplers else {})}


def _web(exporters: Sequence[Exporter], notes: Notes) -> Mapping[str, Any]:
    """One daemon listens at one place: that of the first."""
    first, *others = exporters
    if others:
        addresses = dict.fromkeys(str(one.web.section.get("listen_address", ":9121")) for one in exporters)
        where = f", at {next(iter(addresses))}" if len(addresses) > 1 else ""
        notes.differ(
            f"one daemon takes the place of {len(exporters)} redis_exporters: scrape its /metrics once"
            f"{where}, with honor_labels: true"
        )
    file = {"config_file": WEB_CONFIG} if first.web.config else {}
    section = {**first.web.section, **file}
    return {"web": section} if section else {}


def _remark(exporters: Sequence[Exporter], notes: Notes) -> None:
    """Where there are several, each remark that not all share says whose it is."""
    for exporter in exporters:
        for remark in exporter.remarks:
            is_shared = all(remark in one.remarks for one in exporters)
            notes.differ(remark if is_shared else f"{exporter.origin}: {remark}")


def _heading(exporters: Sequence[Exporter]) -> str:
    taken = [f"{one.origin} ({', '.join(one.given)})" if one.given else one.origin for one in exporters]
    return (
        f"What redis_exporter did, by {'; '.join(taken)}.\n"
        "Every key is described in docs/configuration.md; the rules that come with redis-vigil run."
    )
