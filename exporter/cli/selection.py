"""A selection makes a target with its samplers of the command line."""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from exporter.cli.access import Access
from exporter.cli.option_words import OPTIONS, PASSWORD_VARIABLE
from exporter.config.main import Config, load_config
from exporter.config.samplers import SamplersSection
from exporter.config.targets import PASSWORDS, TargetSection
from exporter.config.url import ServerUrl, parse_server_url
from exporter.config.validation import problems_of
from exporter.errors import UsageError
from exporter.model.secret import Secret
from exporter.model.target import Target
from exporter.reload import merged_samplers

# What of a target an option says, by the place of the fault that it may have.
_OPTIONS: Final = {**OPTIONS, "password_env": f"${PASSWORD_VARIABLE}"}


@dataclass(frozen=True, slots=True)
class Selection:
    """One server, as a configuration with nothing but it."""

    config: Config
    section: TargetSection

    @property
    def target(self) -> Target:
        """The server and the way in."""
        return self.section.to_target(self.config.global_.job)

    @property
    def samplers(self) -> SamplersSection:
        """The settings of this server."""
        return merged_samplers(self.config, self.section)


def select(access: Access, environment: Mapping[str, str] = os.environ) -> Selection:
    """The server that the command line names, and how to get in.

    What the command line says wins over the URL, that over the configuration, and REDISCLI_AUTH comes last. A
    database in the URL is the only one in which keys and queues are looked for.

    Raises `ConfigError` for a bad configuration, `UsageError` for anything else that does not fit.
    """
    config = load_config(access.config) if access.config else Config.model_validate({})
    known = {target.name: target for target in config.targets}
    if (section := known.get(access.server)) is None:
        url = _url(access, known)
        section = _section_of(url, config)
        if url.names_database:
            section = _only_in(section, url.address.database)
    section = _let_in(section, access, environment)
    return Selection(config.model_copy(update={"targets": (section,)}), section)


def _url(access: Access, known: Mapping[str, TargetSection]) -> ServerUrl:
    text = access.server
    if access.config and "/" not in text and ":" not in text:
        close = difflib.get_close_matches(text, known, n=1)
        names = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(known) or 'none'}"
        raise UsageError(f'{access.config} has no target "{text}": {names}')
    try:
        url = parse_server_url(text)
    except ValueError as error:
        raise UsageError(f"the server's URL {error}") from error
    if "://" not in text and (access.tls_ca or access.cert or access.key or access.insecure):
        # Nothing says that it is without.
        url = replace(url, address=replace(url.address, tls=True))
    return url


def _section_of(url: ServerUrl, config: Config) -> TargetSection:
    """Return the target of the configuration that has this address, else a new one.

    The URL's own credentials and options go before those of the configuration.
    """
    for section in config.targets:
        address = section.url.address
        if (address.instance, address.tls) == (url.address.instance, url.address.tls):
            return section.model_copy(update={"url": url, **_login_of(url, section)})
    return TargetSection(url=url)


def _login_of(url: ServerUrl, section: TargetSection) -> dict[str, Any]:
    """Return the credentials with those of a URL that has a password; of another URL they stay."""
    if url.password:
        return dict.fromkeys(PASSWORDS) | {"username": url.username, "password_env": ""}
    if url.username:
        return {"username": url.username}
    if section.url.password and not any(getattr(section, name) for name in PASSWORDS):
        username = section.username or section.url.username
        return {"username": username, "password": section.url.password}
    return {}


def _only_in(section: TargetSection, database: int) -> TargetSection:
    """The target, with keys and queues of one database."""
    samplers = section.samplers
    update = {
        name: getattr(samplers, name).model_copy(update={"databases": (database,)})
        for name in ("queues", "keyspace")
    }
    return section.model_copy(update={"samplers": samplers.model_copy(update=update)})


def _let_in(section: TargetSection, access: Access, environment: Mapping[str, str]) -> TargetSection:
    """The target with what the options say of the way in."""
    values: dict[str, Any] = {name: getattr(section, name) for name in section.model_fields_set}
    if access.user is not None:
        values["username"] = access.user
    if access.password_file:
        values.update(dict.fromkeys(PASSWORDS), password_file=access.password_file)
        values["url"] = ServerUrl(section.url.address, section.url.username, Secret(""))
    elif environment.get(PASSWORD_VARIABLE) and not _has_password(section):
        values["password_env"] = PASSWORD_VARIABLE
    tls = {"ca_file": access.tls_ca, "cert_file": access.cert, "key_file": access.key}
    given: dict[str, Any] = {name: path for name, path in tls.items() if path}
    if access.insecure:
        given["insecure_skip_verify"] = True
    if given:
        own = {name: getattr(section.tls, name) for name in section.tls.model_fields_set}
        values["tls"] = {**own, **given}
        if access.key and not values["tls"].get("cert_file"):
            raise UsageError("--key: needs a --cert")
    try:
        return TargetSection.model_validate(values)
    except ValidationError as error:
        fault = problems_of(error, TargetSection, values)[0]
        name = str(fault.place[-1]) if fault.place else ""
        named = _OPTIONS.get(name)
        option = named or ", ".join(OPTIONS[one] for one in given) or name
        raise UsageError(f"{option}: {fault.message}") from error


def _has_password(section: TargetSection) -> bool:
    return bool(section.url.password) or any(getattr(section, name) for name in PASSWORDS)
