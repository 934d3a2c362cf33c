"""Option words: messages about a server name keys of the configuration, and here options say the same."""

import re
from typing import Final

from exporter.errors import TargetError, UsageError, VigilError

PASSWORD_VARIABLE: Final = "REDISCLI_AUTH"
"""The variable that holds a password, as redis-cli has it."""

OPTIONS: Final = {
    "username": "--user",
    "password_file": "--password-file",
    "ca_file": "--tls-ca",
    "cert_file": "--cert",
    "key_file": "--key",
    "insecure_skip_verify": "--insecure",
}
"""Keys of a target and its section `tls`, with the options that give the same."""

_PHRASES: Final = (
    (re.compile(r"\btls: \{insecure_skip_verify: true\}"), "--insecure"),
    (re.compile(r"\btls: \{cert_file: …, key_file: …\}"), "--cert and --key"),
    (re.compile(r"\btls: \{ca_file: …\}"), "--tls-ca"),
    (re.compile(r"\bset server_name to a name that it has"), "write the host as the certificate names it"),
    (re.compile(r"\bthe key (?=username|password_file)"), ""),
    (re.compile(r"\bpassword_file or password_env\b"), f"password_file or ${PASSWORD_VARIABLE}"),
    (re.compile(r"\ba password read by password_env\b"), "a password read by password_file"),
    (re.compile(rf"\bpassword_env (?={PASSWORD_VARIABLE}\b)"), "$"),
)
# Not within the path of a file.
_KEY: Final = re.compile(rf"(?<![\w./-])(?:{'|'.join(OPTIONS)})(?![\w./-])")


def in_options(text: str) -> str:
    """The text with options in the place of keys."""
    for pattern, words in _PHRASES:
        text = pattern.sub(words, text)
    return _KEY.sub(lambda match: OPTIONS[match[0]], text)


def with_options(error: VigilError) -> VigilError:
    """The error of a server, or of its URL, in words of the command line; any other as it is."""
    if isinstance(error, TargetError):
        return TargetError(error.reason, in_options(str(error)))
    return UsageError(in_options(str(error))) if isinstance(error, UsageError) else error
