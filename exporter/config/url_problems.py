"""URL problems say what is wrong with the URL of a server, with the way out, and without passwords."""

import re
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

_SCHEMES: Final = ("redis", "rediss", "valkey", "valkeys", "unix")
_BAD_PORT: Final = "is not a URL: the port must be a number from 1 to 65535"
_UNENCODED: Final = (
    "has a sign in its user or password that ends it: percent-encode # as %23, / as %2F, ? as %3F, [ as %5B, "
    "] as %5D, or have the password read by password_file"
)
_SOCKET_AFTER_AT: Final = "must have the socket's full path after the @: unix://:password@/run/redis.sock"
VARIABLE: Final = re.compile(r"\$\{[A-Za-z_]\w*\}|\$\([A-Za-z_]\w*\)", re.ASCII)
"""What elsewhere would be the value of an environment variable."""
_ENVIRONMENT_HOST: Final = re.compile(r"\$[A-Za-z_]\w*|%[A-Za-z_]\w*%", re.ASCII)
# What no name of a host holds, besides what cannot be printed; the resolver judges names of other scripts.
_NOT_IN_A_HOST: Final = re.compile(r"[\s<>{}$%|\\^`\"'*,;!()=+~&\ufffd]")
_ENDS_A_HOST: Final = re.compile(r"[/?#@\[\]:]")
_LONGEST_HOST: Final = 255
_ONE_SLASH: Final = re.compile(r"(rediss?|valkeys?):/(?!/)")
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}", re.ASCII)
# Where a name ends so, it is an IPv4 address to a resolver, however short.
# Source: https://url.spec.whatwg.org/#ends-in-a-number-checker
_NUMBER: Final = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
_PARAMETER: Final = re.compile(r"[a-z][a-z_]{0,40}")
_WAYS_OUT: Final = {
    "ssl_cert_reqs": "write tls: {insecure_skip_verify: true} to trust any certificate",
    "ssl_check_hostname": "write tls: {server_name: …} for the name that the certificate bears",
    "ssl_ca_certs": "write tls: {ca_file: …}",
    "ssl_ca_path": "write tls: {ca_file: …}",
    "ssl_certfile": "write tls: {cert_file: …, key_file: …}",
    "ssl_keyfile": "write tls: {cert_file: …, key_file: …}",
    "skip_verify": "write tls: {insecure_skip_verify: true} to trust any certificate",
    "username": "write the key username",
    "password": "write the key password_file or password_env",
    "database": "write redis://host:6379/1",
    "socket_timeout": "write the key sample_timeout",
    "socket_connect_timeout": "write the key sample_timeout",
    "timeout": "write the key sample_timeout",
}
_PORT_LIKE: Final = re.compile(r"\d{4,5}", re.ASCII)


def check_server_url(text: str) -> None:
    """Raises `ValueError` with a sentence that says what to write instead."""
    _check_variables(text)
    if not text.rstrip("\n").isprintable():
        # Python would leave out a line break or a tab, wherever it stands.
        raise ValueError("holds a line break, or another character that cannot be printed")
    if "unix:" in text[:5] or text.startswith("/"):
        _check_socket(text)
        return
    if _ONE_SLASH.match(text):
        raise ValueError("must have two slashes after the scheme: redis://host:6379")
    try:
        parts = urlsplit(text if "://" in text else f"redis://{text}")
    except ValueError:
        raise ValueError(
            _UNENCODED if "@" in text else "is not a URL: what stands in [ ] is no address"
        ) from None
    if parts.scheme not in _SCHEMES:
        raise ValueError("must begin with redis://, rediss:// (TLS), valkey://, valkeys:// or unix://")
    # These end the part with the password: an @ after them shows that they were meant to belong to it.
    if "@" in parts.path + parts.query + parts.fragment:
        raise ValueError(_UNENCODED)
    if parts.fragment or text.endswith("#"):
        raise ValueError("holds a #, after which nothing is read: write %23 where it is part of a password")
    _check_host(parts)
    _check_parameters(parts)


def check_host(host: str) -> None:
    """Raises `ValueError` for what is neither the name of a host nor an address (IPv6 without brackets)."""
    if ":" in host and _is_address(host):
        return
    if len(host) > _LONGEST_HOST:
        raise ValueError(f"has a host of more than {_LONGEST_HOST} characters")
    if not host or not host.isprintable() or _NOT_IN_A_HOST.search(host) or _ENDS_A_HOST.search(host):
        raise ValueError("has a host that no host can be called")


def _check_variables(text: str) -> None:
    """Nothing is put in for `${NAME}`: it would be a host, or a password, of that name."""
    if variable := VARIABLE.search(text):
        # In capitals it is the name of a variable, and no password that looks like one.
        name = variable[0] if variable[0].isupper() else "a variable"
        raise ValueError(
            f"holds {name}, and variables are not put in here: write the host as it is, and have a password "
            "read by password_env"
        )


def _check_socket(text: str) -> None:
    """`unix:///path` or `unix://user:password@/path`: with fewer slashes a path would lose its beginning."""
    rest = text.removeprefix("unix:")
    authority, _, _ = rest.removeprefix("//").partition("/")
    if rest.startswith("//") and text != rest and authority[-1:] in ("", "@"):
        if re.search("[?#]", authority):
            raise ValueError(_UNENCODED)
        _check_parameters(urlsplit(text))
        return
    before, at, _ = rest.rpartition("@")
    if not at or ":" not in before:
        path = rest.lstrip("/").partition("?")[0]
        raise ValueError(f"must name the socket by its full path after unix://, as in unix:///{path}")
    raise ValueError(_UNENCODED if "@/" in rest and rest.startswith("//") else _SOCKET_AFTER_AT)


def _check_host(parts: SplitResult) -> None:
    _, at, host = parts.netloc.rpartition("@")
    if host.count(":") > 1 and "[" not in host:
        if six := _bracketed(host):
            raise ValueError(f"has an IPv6 address without brackets: write {six}")
        raise ValueError(f"{_BAD_PORT}; user and password stand before an @: redis://user:password@host:6379")
    if not parts.hostname:
        way_in = "" if at or not host else ", with a password redis://:password@host:6379"
        raise ValueError(f"has no host: write redis://host:6379{way_in}")
    if "[" not in host and _NOT_IN_A_HOST.search(host):
        variable = _ENVIRONMENT_HOST.fullmatch(host.partition(":")[0])
        what = f" ({variable[0]} is taken as it stands: variables are not put in)" if variable else ""
        raise ValueError(f"has a host that no host can be called{what}: write redis://host:6379")
    _check_number(parts.hostname)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError(_BAD_PORT)


def _check_number(host: str) -> None:
    """Return the problem of a host that YAML reads as a number or a date.

    It would be looked up as a name, or reach some address.
    """
    if _DATE.fullmatch(host) or host in ("true", "false", "null"):
        raise ValueError(f"has the host {host}, which is no name of a host: write redis://host:6379")
    if _NUMBER.fullmatch(host.rpartition(".")[2]) and not _is_address(host):
        what = "a number" if "." not in host else "no IPv4 address"
        port = (
            f", for the port of this machine redis://localhost:{host}" if _PORT_LIKE.fullmatch(host) else ""
        )
        raise ValueError(f"has the host {host[:64]}, which is {what}: write redis://host:6379{port}")


def _check_parameters(parts: SplitResult) -> None:
    """After the ? there can be the database, as `db`; of what redis-py takes besides nothing would hold."""
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    for name in names:
        if name == "db":
            continue
        # What follows another sign than = may be a password.
        shown = f"the parameter {name}" if _PARAMETER.fullmatch(name) and "=" in parts.query else "something"
        way_out = _WAYS_OUT.get(name, "only db (the database) can stand there, all else has keys of its own")
        raise ValueError(f"holds {shown} after the ?, which would do nothing: {way_out}")
    if len(names) + bool(parts.scheme != "unix" and parts.path.strip("/")) > 1:
        raise ValueError("has the database twice: once is enough, as in redis://host:6379/1")


def _bracketed(host: str) -> str:
    """An IPv6 address as a URL has it, with the port that seems to be meant; empty where it is none."""
    address, _, port = host.rpartition(":")
    if _PORT_LIKE.fullmatch(port) and (six := _six(address)):
        return f"[{six}]:{port}"
    six = _six(host)
    return f"[{six}]" if six else ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _six(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError:
        return ""
