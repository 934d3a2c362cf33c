"""The first draft: config.yml, alertmanager.yml, files with passwords, and what to say about them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from exporter.config.targets import TargetSection
from exporter.drafts import Commented, Draft, Suggestion
from exporter.setup.alertmanager_file import alertmanager_file
from exporter.setup.config_file import ALERTMANAGER_FILE, CONFIG_FILE, WEB_FILE, config_file
from exporter.setup.entries import discovery_entries, plain_entry, target_entries
from exporter.setup.logins import Logins
from exporter.setup.permissions import PASSWORD, USER, acl_line
from exporter.setup.sentences import describe_all, engine_of
from exporter.setup.web_file import web_file
from exporter.survey import Findings, QueueLook, ServerSurvey

_OFF: Final = (
    "The server does not let keys be looked through: {}. Once it does (docs/permissions.md, Keyspace and "
    "queues), take this away."
)
_IN_REDIS_WORDS: Final = "{} may know fewer words for ACLs than Redis: leave out what it does not know"
_SAME_WORDS: Final = frozenset({"redis", "valkey", "keydb", "redict", ""})
_WHOSE_PASSWORD: Final = (
    "servers under Sentinel cannot be asked: give their user and password by --user and --password-file, "
    "those of the Sentinel itself in its URL"
)
_WHICH_ADDRESSES: Final = (
    f"nodes of a cluster cannot be asked: name all on the command line, or see `addresses` in {CONFIG_FILE}"
)
_SEARCH: Final = (
    "Indexes of RediSearch with series of their own, by a regular expression (with +ft._list and +ft.info)."
)


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for besides.

    The directory, a user of the daemon's web server with a password, a file with the URL of a webhook of
    Slack, and the name of the host it runs on.
    """

    directory: Path
    web_user: str = ""
    web_password: str = ""
    slack_url_file: Path | None = None
    host: str = "localhost"


def first_draft(findings: Findings, options: Options, not_asked: Sequence[TargetSection] = ()) -> Draft:
    """The files for what was found; `not_asked` are servers that stand there as they were named."""
    lines = acl_lines(findings)
    logins = Logins(options.directory, USER if lines else "")
    targets = [*target_entries(findings, logins), *(plain_entry(one, logins) for one in not_asked)]
    config = config_file(
        targets=targets,
        discovery=discovery_entries(findings, logins),
        samplers=_samplers(findings),
        user=_about_user(lines),
        external_url=f"http://{options.host}:9121",
        has_web_config=bool(options.web_user),
    )
    slack = logins.path(options.slack_url_file) if options.slack_url_file else ""
    files = {CONFIG_FILE: config, ALERTMANAGER_FILE: alertmanager_file(slack), **logins.files}
    private = set(logins.files)
    if options.web_user:
        files[WEB_FILE] = web_file(options.web_user, options.web_password)
        private.add(WEB_FILE)
    return Draft(
        files,
        frozenset(private),
        tuple(describe_all(findings)),
        tuple(_to_know(findings, lines, is_told=bool(slack))),
    )


def reads_keys(findings: Findings) -> bool:
    """Whether any server lets keys be looked through."""
    return not _refusals(findings)


def _refusals(findings: Findings) -> Sequence[str]:
    """What servers say that let nobody look through keys; empty where any does."""
    looks = [server.queues for server in findings.servers if not server.is_sentinel]
    refusals = [look.problem for look in looks if look.is_denied]
    return refusals if len(refusals) == len(looks) else []


def _samplers(findings: Findings) -> Mapping[str, Any] | Suggestion:
    if refusals := _refusals(findings):
        off = {"enabled": False}
        return {"keyspace": Commented(off, _OFF.format(refusals[0])), "queues": off}
    if any("search" in server.info.modules for server in findings.servers):
        return Suggestion({"modules": {"search_indexes": ".*"}}, _SEARCH)
    return Suggestion(
        {"keyspace": {"budget": "1%"}, "queues": {"ignore": ["test-*"]}}, "What is asked, and how far."
    )


def acl_lines(findings: Findings) -> Sequence[str]:
    """The ACL lines for all servers, each once: those for Sentinels come last."""
    of_servers = reads_keys(findings)
    queues = {id(one): cluster.queues for cluster in findings.clusters for one in cluster.seeds}
    servers = sorted(findings.servers, key=lambda server: server.is_sentinel)
    lines = [_line(server, of_servers, queues.get(id(server))) for server in servers]
    return list(dict.fromkeys(line for line in lines if line))


def _line(server: ServerSurvey, of_servers: bool, queues: QueueLook | None) -> str:
    user = server.section.username or server.section.url.username
    if user == USER and not server.missing:
        # There it is, and it has all that it needs: the line would take its password away.
        return ""
    return acl_line(server, reads_keys=of_servers, queues=queues)


def _about_user(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    about = (
        f"A user who may do no more than what is watched takes: put a password in place of {PASSWORD}, and "
        "run it on each server (docs/permissions.md explains the words):"
    )
    return "\n".join((about, *(f"  {line}" for line in lines)))


def _to_know(findings: Findings, lines: Sequence[str], *, is_told: bool) -> Iterator[str]:
    yield from _permissions(findings, lines)
    for service in dict.fromkeys(server.service for server in findings.servers if server.service):
        yield f"{service.name}: {service.users}"
    for cluster in findings.clusters:
        if any(node.problem for node in cluster.nodes):
            yield _WHICH_ADDRESSES
    for group in findings.sentinels:
        if any(one.problem for one in group.servers):
            yield _WHOSE_PASSWORD
    if not is_told:
        yield f"nobody is told yet: fill in Slack or mail in {ALERTMANAGER_FILE}"


def _permissions(findings: Findings, lines: Sequence[str]) -> Iterator[str]:
    for grant in dict.fromkeys(server.grant for server in findings.servers if server.grant):
        yield f"this would permit what is refused:\n    {grant}"
    if lines:
        text = "\n    ".join(lines)
        about = f"a user who may do no more than what is watched takes; put a password in place of {PASSWORD}"
        yield f"{about}:\n    {text}"
    engines = {server.info.engine: engine_of(server) for server in findings.servers}
    for engine in engines.keys() - _SAME_WORDS if lines else ():
        yield _IN_REDIS_WORDS.format(engines[engine])
