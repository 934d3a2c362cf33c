"""`otlp` in config.yml: what is taken, and one clear line for each thing wrong with it."""

from pathlib import Path

import pytest

from exporter.config.main import Config, load_config
from exporter.errors import ConfigError


def load(folder: Path, text: str) -> Config:
    path = folder / "config.yml"
    path.write_text(f"otlp: {{{text}}}\n")
    return load_config(path)


def problem_of(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    (problem,) = caught.value.problems
    return str(problem).removeprefix(f"{folder}/").partition(": ")[2]


def test_nothing_is_sent_by_default(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("targets: []\n")
    section = load_config(tmp_path / "config.yml").otlp
    assert section.endpoint is None
    assert (section.interval.seconds, section.timeout.seconds, section.compression) == (60, 10, "gzip")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "endpoint: 'http://h:4317', protocol: grpc",
            "otlp.protocol: gRPC is not spoken: write http/protobuf, which collectors take on port 4318 "
            "instead of 4317",
        ),
        (
            "endpoint: 'http://h', protocol: http/json",
            "otlp.protocol: JSON is not sent: write http/protobuf, which whoever takes OTLP by HTTP has to "
            "take",
        ),
        ("interval: 15s", "otlp.endpoint: is missing: without it nothing is sent"),
        (
            "endpoint: 'http://h:4318/v1/metrics'",
            "otlp.endpoint: must end before /v1/metrics, which is added to it",
        ),
        (
            "endpoint: 'collector:4318'",
            "otlp.endpoint: must be a URL that begins with http:// or https://",
        ),
        (
            "endpoint: 'http://h', tls: {insecure_skip_verify: true}",
            "otlp.tls: has no effect: TLS needs an endpoint with https://",
        ),
        (
            "endpoint: 'http://h', headers: {Content-Type: x}",
            'otlp.headers.Content-Type: the header "Content-Type" cannot be set here',
        ),
        (
            "endpoint: 'http://h', headers: {api-key: x}, headers_env: {API-Key: PATH}",
            'otlp.headers_env.API-Key: the header "API-Key" is given twice',
        ),
        (
            "endpoint: 'http://h', headers_env: {api-key: NO_SUCH_VARIABLE}",
            "otlp.headers_env.api-key: the environment variable NO_SUCH_VARIABLE is not set",
        ),
        (
            "endpoint: 'http://h', no_proxy: a",
            "otlp: no_proxy needs a proxy_url",
        ),
    ],
)
def test_a_mistake_is_one_line_with_the_way_out(tmp_path: Path, text: str, problem: str) -> None:
    assert problem_of(tmp_path, text) == problem


def test_an_unreadable_file_of_a_header_is_named(tmp_path: Path) -> None:
    text = problem_of(tmp_path, "endpoint: 'http://h', headers_file: {api-key: nowhere}")
    assert text == f"otlp.headers_file.api-key: {tmp_path}/nowhere cannot be read: no such file or directory"


def test_secrets_show_nowhere(tmp_path: Path) -> None:
    text = "endpoint: 'https://u:pa55@h/?key=k3y', headers: {api-key: s3cret}, proxy_url: 'http://u:pr0xy@p'"
    section = load(tmp_path, text).otlp
    shown = f"{section!r} {section.model_dump(mode='json')}"
    assert not [secret for secret in ("pa55", "k3y", "s3cret", "pr0xy") if secret in shown]
    assert section.http_config.proxy_url == "http://u:pr0xy@p"


def test_one_file_may_hold_certificate_and_key(tmp_path: Path) -> None:
    (tmp_path / "client.pem").write_text("")
    section = load(tmp_path, "endpoint: 'https://h', tls: {cert_file: client.pem}").otlp
    assert section.http_config.tls_config.key_file == tmp_path / "client.pem"
