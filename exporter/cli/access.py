"""Access options name the server of a command and its credentials, in the same way for all commands.

Their names are those of redis-cli where it has the same, and so is the variable REDISCLI_AUTH.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from exporter.cli.option_words import PASSWORD_VARIABLE, with_options
from exporter.errors import TargetError, UsageError

_Server = Annotated[
    str,
    typer.Argument(
        help="The server: redis://host:port/database, rediss:// for TLS; with --config also the name of a "
        "target.",
        metavar="SERVER",
    ),
]
_Servers = Annotated[
    list[str] | None,
    typer.Argument(
        help="The servers: redis://host:port, rediss:// for TLS; without any $REDIS_URL, else "
        "redis://localhost:6379.",
        metavar="URL",
        show_default=False,
    ),
]
_Config = Annotated[
    Path | None,
    typer.Option(help="A configuration file: its targets have names, passwords, TLS and samplers."),
]
_User = Annotated[str | None, typer.Option(help="The user of the server's ACL.")]
_PasswordFile = Annotated[
    Path | None,
    typer.Option(
        help="A file that holds the password. Without it, and where neither the URL nor the configuration "
        f"has one, it is ${PASSWORD_VARIABLE}."
    ),
]
_Authorities = Annotated[
    Path | None, typer.Option("--tls-ca", help="Authorities to trust, in PEM, instead of the system's.")
]
_Certificate = Annotated[Path | None, typer.Option("--cert", help="The certificate to show, in PEM.")]
_Key = Annotated[Path | None, typer.Option("--key", help="The key of that certificate, in PEM.")]
_Insecure = Annotated[bool, typer.Option("--insecure", help="Trust any certificate.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The server on the command line, with its credentials and TLS options."""

    server: _Server
    config: _Config = None
    user: _User = None
    password_file: _PasswordFile = None
    tls_ca: _Authorities = None
    cert: _Certificate = None
    key: _Key = None
    insecure: _Insecure = False


def asks_servers(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command whose first parameter is a sequence of `Access` any number of servers and the options.

    Without a server on the command line there is one whose name is empty.
    """
    hints = get_type_hints(Access, include_extras=True) | {"server": _Servers}
    options = [field for field in fields(Access) if field.name != "config"]
    own = list(inspect.signature(command).parameters.values())[1:]
    shared = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in options
    ]

    def run(**given: Any) -> None:
        values = {field.name: given.pop(field.name) for field in options}
        servers = values.pop("server") or [""]
        try:
            command([Access(server=server, **values) for server in servers], **given)
        except (TargetError, UsageError) as error:
            raise with_options(error) from error

    return _with_parameters(run, command, [*shared, *own])


def asks_a_server(command: Callable[..., None], *, is_optional: bool = False) -> Callable[..., None]:
    """Give a command whose first parameter is an `Access` the argument and the options of it.

    typer takes the parameters of a command from its signature. `is_optional`: the server may be left out, and
    is empty then.
    """
    hints = get_type_hints(Access, include_extras=True)
    names = [field.name for field in fields(Access)]
    own = list(inspect.signature(command).parameters.values())[1:]
    shared = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_default(field, is_optional),
            annotation=hints[field.name],
        )
        for field in fields(Access)
    ]

    def run(**given: Any) -> None:
        access = Access(**{name: given.pop(name) for name in names})
        try:
            command(access, **given)
        except (TargetError, UsageError) as error:
            # With a configuration its keys may be the ones that are wrong.
            raise (error if access.config else with_options(error)) from error

    return _with_parameters(run, command, [*shared, *own])


def _with_parameters(
    run: Callable[..., None], command: Callable[..., None], parameters: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """Let `run` look like a command with these parameters."""
    run.__doc__ = command.__doc__
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    )
    return run


def _default(option: Field[Any], is_optional: bool) -> Any:
    if option.default is not MISSING:
        return option.default
    return "" if is_optional else inspect.Parameter.empty
