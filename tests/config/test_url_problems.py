"""URLs that cannot be meant as they stand: each is refused with the way out, and without its secret."""

import pytest

from exporter.config.url import parse_server_url

UNENCODED = "percent-encode # as %23"
FAULTS = {
    "redis://:s3c#ret@h": UNENCODED,
    "redis://:s3c/ret@h:6379": UNENCODED,
    "redis://:s3c?ret@h": UNENCODED,
    "redis://:s3cret#@h": UNENCODED,
    "redis://u:12/s3cret@h": UNENCODED,
    "rediss://:s3c[ret@h": UNENCODED,
    "unix://:s3c/ret@/run/redis.sock": UNENCODED,
    "unix://u:s3c?ret@/run/redis.sock": UNENCODED,
    "redis://h#s3cret": "write %23",
    "redis://:s3cret": "has no host",
    "redis://u:s3cret:6379": "stand before an @",
    "redis://:s3cret@h:99999": "the port must be a number from 1 to 65535",
    "redis://fe80::1:6379": "write [fe80::1]:6379",
    "::1": "write [::1]",
    "redis://u:s3cret@2001:db8::7:63790/0": "write [2001:db8::7]:63790",
    "unix:/run/redis.sock?db=2": "unix:///run/redis.sock",
    "unix://run/redis.sock": "unix:///run/redis.sock",
    "/run/redis.sock": "unix:///run/redis.sock",
    "unix:/u:s3cret@/run/redis.sock": "unix://:password@/run/redis.sock",
    "redis:/h": "two slashes",
    "redis://${REDIS_HOST}:6379": "${REDIS_HOST}",
    "redis://:${REDIS_PASSWORD}@h": "password_env",
    "redis://:a${s3cret}@h": "holds a variable",
    "redis://$REDIS_HOST": "$REDIS_HOST is taken as it stands",
    "redis://{{ host }}:6379": "no host can be called",
    "redis://<host>": "no host can be called",
    "redis://a\nb:6379": "a line break",
    "redis://u:s3cret@a\x00b": "cannot be printed",
    "redis://a\ud800": "cannot be printed",
    "2024-01-01": "the host 2024-01-01, which is no name of a host",
    "12345": "redis://localhost:12345",
    "redis://7": "which is a number",
    "1.5": "no IPv4 address",
    "redis://0x7f000001:6379": "which is a number",
    "redis://127.1": "no IPv4 address",
    "redis://256.1.1.1:6379": "no IPv4 address",
    "true": "no name of a host",
    "redis://h?ssl_cert_reqs=none": "write tls: {insecure_skip_verify: true}",
    "rediss://h:6379/0?ssl_ca_certs=/ca.pem": "write tls: {ca_file: …}",
    "redis://h?password=s3cret": "password_file",
    "redis://h?decode_responses=true": "the parameter decode_responses",
    "redis://h?s3cret": "holds something after the ?",
    "redis://h?db=1&db=2": "the database twice",
    "redis://h/1?db=2": "the database twice",
    "unix:///run/r.sock?db=1&timeout=3": "sample_timeout",
    "unix://u:s3cret@/run/r.sock?protocol=3": "the parameter protocol",
}


@pytest.mark.parametrize(("text", "way_out"), FAULTS.items(), ids=FAULTS)
def test_a_fault_is_told_with_its_way_out(text: str, way_out: str) -> None:
    with pytest.raises(ValueError, match=r"^(has|holds|must|is not)") as caught:
        parse_server_url(text)
    assert way_out in str(caught.value)
    for secret in ("s3c", "ret@", "s3cret"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("redis://:pa%23ss%2F%3F@h", "pa#ss/?"),
        ("redis://:pa:ss@h", "pa:ss"),
        ("redis://:p@ss@h", "p@ss"),
        ("redis://:pa$word@h", "pa$word"),
        ("unix://:pa55@/run/r@1.sock", "pa55"),
        ("redis://:pa55@[::1]:7000", "pa55"),
        ("redis://:pa55@10.0.0.1?db=3", "pa55"),
        ("redis://:pa55@4f1c2:6379/", "pa55"),
        ("redis://:pa55@redis-2024-01-01", "pa55"),
        ("redis://:pa55@7.example.com", "pa55"),
        ("unix://:pa55@/run/r.sock?db=3", "pa55"),
    ],
)
def test_what_can_be_meant_is_taken(text: str, password: str) -> None:
    assert parse_server_url(text).password.reveal() == password


@pytest.mark.parametrize("text", ["redis:6379", "my_redis", "localhost:6379/2", "bücher.example:1"])
def test_short_forms_and_names_of_all_scripts_are_hosts(text: str) -> None:
    assert parse_server_url(text).address.host == text.partition(":")[0]
