"""web-config.yml: a user with a password, and TLS to fill in."""

import secrets
from typing import Final

import bcrypt

from exporter.drafts import Suggestion, to_yaml

_COST: Final = 10
_MOST_BYTES: Final = 72
_HEADING: Final = (
    "Who may talk to the daemon, and how: as in Prometheus' exporter-toolkit. It is read again with every "
    "request. A further user: a name and what `htpasswd -nBC 10 NAME` prints behind it."
)
_TLS: Final = "TLS: the certificate with its chain, and its key. Prometheus and browsers use https:// then."


def generate_password() -> str:
    """A password that nobody guesses, of 22 letters, digits, - and _."""
    return secrets.token_urlsafe(16)


def check_password(password: str) -> None:
    """Raises `ValueError` for a password that bcrypt does not take as a whole."""
    if len(password.encode()) > _MOST_BYTES:
        raise ValueError(f"has more than {_MOST_BYTES} bytes, which is all that bcrypt looks at")


def web_file(user: str, password: str) -> str:
    """The text of the file."""
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(_COST)).decode()
    tls = {"cert_file": "tls/server.pem", "key_file": "tls/server.key"}
    return to_yaml(
        {"basic_auth_users": {user: hashed}, "tls_server_config": Suggestion(tls, _TLS)}, heading=_HEADING
    )
