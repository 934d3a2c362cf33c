"""web-config.yml: what is accepted, and the sentences about what is not."""

from pathlib import Path

import pytest

from exporter.config.web_config import load_web_config
from exporter.errors import ConfigError

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"


def write(folder: Path, text: str) -> Path:
    path = folder / "web-config.yml"
    path.write_text(text)
    return path


def test_users_and_certificates(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
    text = f"""
tls_server_config: {{cert_file: cert.pem, key_file: key.pem, min_version: TLS13}}
basic_auth_users:
  scraper: {HASH}
"""
    config = load_web_config(write(tmp_path, text))
    assert config.tls_server_config is not None
    assert config.tls_server_config.cert_file == tmp_path / "cert.pem"
    assert config.basic_auth_users == {"scraper": HASH}
    assert HASH not in repr(config)


def test_an_empty_file_is_an_open_server(tmp_path: Path) -> None:
    config = load_web_config(write(tmp_path, ""))
    assert config.tls_server_config is None
    assert not config.basic_auth_users


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("basic_auth_users: {a: plain}\n", "web-config.yml:1:23: basic_auth_users.a: is not a bcrypt hash"),
        (
            f"basic_auth_users: {{a: {HASH[:4]}03{HASH[6:]}}}\n",
            "web-config.yml:1:23: basic_auth_users.a: is not a bcrypt hash",
        ),
        (
            f"basic_auth_users: {{a: {HASH[:4]}17{HASH[6:]}}}\n",
            "a: has a cost of 17, with which",
        ),
        (
            f"basic_auth_users: {{a: {HASH[:4]}99{HASH[6:]}}}\n",
            "a: has a cost of 99, with which",
        ),
        (
            "tls_server_config: {cert_file: c.pem}\n",
            "c.pem cannot be read: no such file or directory",
        ),
        ("tls_serverconfig: {}\n", "web-config.yml:1:1: tls_serverconfig: unknown key"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_web_config(write(tmp_path, text))
    assert message in str(caught.value)
