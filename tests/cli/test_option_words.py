"""Messages about a server name the options of the command line, where nobody has a configuration."""

from pathlib import Path

import pytest

from exporter.cli.option_words import in_options
from tests.cli.in_process import run_command
from tests.conftest import StartServer

COMMANDS = ("queues", "scan", "slowlog", "health", "init")


@pytest.mark.parametrize(
    ("keys", "options"),
    [
        ("write tls: {ca_file: …}", "write --tls-ca"),
        ("write tls: {cert_file: …, key_file: …}", "write --cert and --key"),
        ("write tls: {insecure_skip_verify: true} to trust any", "write --insecure to trust any"),
        ("write the key password_file or password_env", "write --password-file or $REDISCLI_AUTH"),
        ("have a password read by password_env", "have a password read by --password-file"),
        ("(the password is that of password_env REDISCLI_AUTH)", "(the password is that of $REDISCLI_AUTH)"),
        (
            "cannot use the TLS files /etc/ca_file.pem, ./key_file",
            "cannot use the TLS files /etc/ca_file.pem, ./key_file",
        ),
        ("name the authority that signed it in ca_file", "name the authority that signed it in --tls-ca"),
    ],
)
def test_keys_become_options(keys: str, options: str) -> None:
    assert in_options(keys) == options


@pytest.mark.parametrize("command", COMMANDS)
def test_a_url_with_a_parameter_of_redis_py(command: str, tmp_path: Path) -> None:
    done = run_command(tmp_path, command, "redis://127.0.0.1:1?ssl_ca_certs=x")
    assert done.returncode == 2
    assert done.stderr.endswith("would do nothing: write --tls-ca\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_certificate_without_its_key(command: str, tmp_path: Path) -> None:
    (tmp_path / "client.pem").write_text("no certificate")
    done = run_command(tmp_path, command, "--cert", "client.pem", "rediss://127.0.0.1:1")
    assert done.returncode == 1
    where = "" if command == "health" else "rediss://127.0.0.1:1: "
    assert f"{where}cannot use the TLS files client.pem: " in done.stdout + done.stderr
    assert "name the key in --key" in done.stdout + done.stderr


def test_keys_stay_where_a_configuration_has_them(tmp_path: Path) -> None:
    (tmp_path / "client.pem").write_text("no certificate")
    (tmp_path / "config.yml").write_text(
        "targets: [{url: 'rediss://127.0.0.1:1', instance: a, tls: {cert_file: client.pem}}]"
    )
    done = run_command(tmp_path, "slowlog", "--config", "config.yml", "a")
    assert "name the key in key_file" in done.stderr


@pytest.mark.server
@pytest.mark.parametrize("command", ["queues", "scan", "slowlog"])
def test_a_refusal_names_the_server(command: str, start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--requirepass", "pa55")
    done = run_command(tmp_path, command, f"127.0.0.1:{server.port}")
    assert done.returncode == 1
    assert done.stderr == (
        f"redis-vigil: redis://127.0.0.1:{server.port}: NOAUTH Authentication required. Name its password by "
        "--password-file, REDISCLI_AUTH or --config.\n"
    )


@pytest.mark.server
def test_a_password_file_of_windows(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--requirepass", "pa55")
    (tmp_path / "password").write_bytes(b"\xef\xbb\xbfpa55\r\n")
    done = run_command(tmp_path, "slowlog", "--password-file", "password", f"127.0.0.1:{server.port}")
    assert (done.returncode, done.stderr) == (0, "")
