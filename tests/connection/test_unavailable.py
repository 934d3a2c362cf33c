"""How servers, managed services and proxies say that a command is not there or not permitted."""

import pytest

from exporter.connection.translate import reply_error
from exporter.errors import UNSUPPORTED_REASONS, Reason

UNAVAILABLE = (
    # Redis 6.2, 7.0 and 7.2, Valkey; renamed commands; Azure and Memorystore.
    ("ERR unknown command `config`, with args beginning with: `GET`, ", Reason.UNKNOWN_COMMAND),
    ("ERR unknown command 'CONFIG', with args beginning with: 'GET' 'maxmemory' ", Reason.UNKNOWN_COMMAND),
    ("ERR unknown subcommand 'HISTOGRAM'. Try LATENCY HELP.", Reason.UNKNOWN_COMMAND),
    ("ERR Unknown subcommand or wrong number of arguments for 'STATS'", Reason.UNKNOWN_COMMAND),
    ("NOPERM this user has no permissions to run the 'slowlog' command or its subcommand", Reason.PERMISSION),
    ("NOPERM User vigil has no permissions to run the 'config|get' command", Reason.PERMISSION),
    ("NOPERM No permissions to access a key", Reason.PERMISSION),
    # Redis 7 with enable-debug-command no.
    ("ERR DEBUG command not allowed. If the enable-debug-command option is set", Reason.UNKNOWN_COMMAND),
    # Managed services and proxies.
    ("ERR command is not allowed", Reason.UNKNOWN_COMMAND),
    ("ERR This command is disabled", Reason.UNKNOWN_COMMAND),
    ("ERR Command is not available: 'SLOWLOG'. See https://upstash.com/docs", Reason.UNKNOWN_COMMAND),
    ("unsupported command", Reason.UNKNOWN_COMMAND),
    ("ERR unsupported command 'client'", Reason.UNKNOWN_COMMAND),
    ("ERR unknown/disabled command 'CONFIG'", Reason.UNKNOWN_COMMAND),
    ("ERR command config not support", Reason.UNKNOWN_COMMAND),
    ("ERR handle request, command 'CONFIG' is not allowed", Reason.UNKNOWN_COMMAND),
    ("ERR CONFIG is forbidden", Reason.UNKNOWN_COMMAND),
    ("ERR The command has been disabled by the administrator", Reason.UNKNOWN_COMMAND),
    ("ERR not implemented", Reason.UNKNOWN_COMMAND),
    ("ERR permission denied", Reason.PERMISSION),
    ("DENIED command not permitted", Reason.PERMISSION),
    ("ERR Not authorized", Reason.PERMISSION),
    ("ERR insufficient privileges", Reason.PERMISSION),
    ("ERR only administrators may run it", Reason.PERMISSION),
    ("ERR CONFIG disabled", Reason.UNKNOWN_COMMAND),
    ("ERR invalid command name", Reason.UNKNOWN_COMMAND),
    ("ERR no such command 'config'", Reason.UNKNOWN_COMMAND),
    ("ERR command not found", Reason.UNKNOWN_COMMAND),
    ("ERR unrecognised command", Reason.UNKNOWN_COMMAND),
    ("ERR cannot execute command CONFIG", Reason.UNKNOWN_COMMAND),
    ("ERR command isn't supported", Reason.UNKNOWN_COMMAND),
    ("ERR command unavailable in this tier", Reason.UNKNOWN_COMMAND),
    ("ERR prohibited", Reason.UNKNOWN_COMMAND),
    ("invalid request", Reason.UNKNOWN_COMMAND),
    # Servers that do not know the form.
    ("ERR wrong number of arguments for 'latency' command", Reason.UNKNOWN_COMMAND),
    ("ERR Syntax error, try CLIENT (LIST | KILL ip:port)", Reason.UNKNOWN_COMMAND),
)
OTHERS = (
    ("WRONGPASS invalid username-password pair or user is disabled.", Reason.WRONG_PASSWORD),
    # As redis-py hands it on.
    ("invalid username-password pair or user is disabled.", Reason.WRONG_PASSWORD),
    ("NOAUTH Authentication required.", Reason.PASSWORD_REQUIRED),
    ("OOM command not allowed when used memory > 'maxmemory'.", Reason.REPLY),
    (
        "MISCONF Redis is configured to save RDB snapshots. Commands that may modify are disabled",
        Reason.REPLY,
    ),
    ("LOADING Redis is loading the dataset in memory", Reason.LOADING),
    ("BUSY Redis is busy running a script. You can only call SCRIPT KILL", Reason.BUSY),
    ("ERR max number of clients reached", Reason.MAX_CLIENTS),
    ("ERR syntax error", Reason.REPLY),
    ("ERR overloaded, commands not allowed", Reason.REPLY),
    ("ERR temporarily not available", Reason.REPLY),
    ("DENIED Redis is running in protected mode because", Reason.PROTECTED_MODE),
)


@pytest.mark.parametrize(("text", "reason"), UNAVAILABLE)
def test_a_command_that_is_not_available(text: str, reason: Reason) -> None:
    assert reply_error(Exception(text)).reason is reason
    assert reason in UNSUPPORTED_REASONS


@pytest.mark.parametrize(("text", "reason"), OTHERS)
def test_what_is_about_the_server_or_the_login(text: str, reason: Reason) -> None:
    assert reply_error(Exception(text)).reason is reason
    assert reason not in UNSUPPORTED_REASONS
