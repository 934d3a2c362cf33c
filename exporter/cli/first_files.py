"""Looks at servers and writes the first files for them, for `redis-vigil init`."""

import asyncio
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from socket import getfqdn
from typing import Final

import typer

from exporter.cli.access import Access
from exporter.cli.draft_output import deliver
from exporter.cli.option_words import in_options
from exporter.cli.output import say
from exporter.cli.scheme import way_out
from exporter.cli.selection import select
from exporter.config.main import DEFAULT_URL, URL_VARIABLE
from exporter.drafts import require_none
from exporter.errors import Reason, UsageError
from exporter.log import configure_logging
from exporter.setup import Options, check_password, first_draft, generate_password
from exporter.setup.config_file import ALERTMANAGER_FILE, CONFIG_FILE, WEB_FILE
from exporter.survey import Findings, Named, Unanswered, survey

_LOGIN: Final = "; give user and password by --user and --password-file, in the URL, or as REDISCLI_AUTH"
_WAYS_OUT: Final[Mapping[Reason, str]] = {
    Reason.PASSWORD_REQUIRED: _LOGIN,
    Reason.WRONG_PASSWORD: "; the user is --user, the password that of --password-file or REDISCLI_AUTH",
    Reason.REFUSED: "; is the server running there? --offline writes the files without asking it",
    Reason.UNKNOWN_HOST: "; --offline writes the files without asking it",
    Reason.UNREACHABLE: "; --offline writes the files without asking it",
    Reason.TIMEOUT: "; a firewall in between? --offline writes the files without asking it",
}


def make_first_files(
    servers: Sequence[Access],
    directory: Path,
    *,
    dry_run: bool,
    offline: bool,
    web_user: str,
    slack_url_file: Path | None = None,
) -> None:
    """Ask the servers and write the files; raises `typer.Exit` with 1 where one of them does not answer."""
    configure_logging("error")
    names = [CONFIG_FILE, ALERTMANAGER_FILE, *([WEB_FILE] if web_user else [])]
    if not dry_run:
        # Before anybody is asked.
        require_none(directory / name for name in names)
    named = _named(servers, os.environ)
    findings = Findings() if offline else asyncio.run(_look(named))
    password, is_generated = _web_password(web_user) if web_user else ("", False)
    options = Options(directory, web_user, password, slack_url_file, getfqdn())
    draft = first_draft(findings, options, [one.given for one in named] if offline else ())
    deliver(draft, directory, dry_run=dry_run, next_steps=_next_steps(directory, slack_url_file))
    if is_generated and not dry_run:
        say(f"\nThe password of {web_user}, which is shown this once: {password}")


def _named(servers: Sequence[Access], environment: Mapping[str, str]) -> Sequence[Named]:
    """The servers that were named, each once; raises `UsageError`."""
    found: dict[str, Named] = {}
    for one in servers:
        access = replace(one, server=one.server or environment.get(URL_VARIABLE) or DEFAULT_URL)
        given = select(access, environment).section
        bare = select(replace(access, user=None, password_file=None), {}).section
        found.setdefault(str(given.url), Named(given, bare))
    return list(found.values())


async def _look(named: Sequence[Named]) -> Findings:
    findings = await survey(named)
    for one in findings.unanswered:
        message = in_options(one.message).rstrip(".")
        say(f"redis-vigil: {message}{await _way_out(one)}", err=True)
    if findings.unanswered:
        raise typer.Exit(1)
    return findings


async def _way_out(one: Unanswered) -> str:
    scheme = await way_out(one.section.to_target(), one.reason)
    return scheme or _WAYS_OUT.get(one.reason, "")


def _web_password(user: str) -> tuple[str, bool]:
    """The password of the web server's user, and whether it was made up; asked for where somebody sits."""
    if not sys.stdin.isatty():
        return generate_password(), True
    text: str = typer.prompt(
        f"Password for {user} (empty: one is made up)", default="", show_default=False, hide_input=True
    )
    if not text:
        return generate_password(), True
    try:
        check_password(text)
    except ValueError as error:
        raise UsageError(f"the password {error}: nothing was written") from None
    if typer.prompt("Once more", hide_input=True) != text:
        raise UsageError("the two passwords differ: nothing was written")
    return text, False


def _next_steps(directory: Path, slack_url_file: Path | None) -> Sequence[str]:
    path = shlex.quote(str(directory / CONFIG_FILE))
    steps = [f"redis-vigil check config {path}", f"redis-vigil run --config {path}"]
    if slack_url_file:
        alertmanager = shlex.quote(str(directory / ALERTMANAGER_FILE))
        steps.insert(1, f"redis-vigil test notify --config {alertmanager} people")
    return steps
