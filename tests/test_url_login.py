import pytest

from exporter.url_login import sentence_without_logins, without_login, without_password


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:PW@h:6379/1", "redis://h:6379/1"),
        ("rediss://user:PW@h", "rediss://h"),
        ("valkey://PW@h:1", "valkey://h:1"),
        ("REDIS://u:PW@h", "REDIS://h"),
        ("redis://u:P/W@h:1", "redis://h:1"),
        ("redis://u:P W@h:1", "redis://h:1"),
        ("redis://u:P#W?@h:1", "redis://h:1"),
        ("redis://u:P@W@h:1", "redis://h:1"),
        ("redis://:PW@h1:1,redis://:PW@h2:1", "redis://h2:1"),
        ("unix://:PW@/run/redis.sock", "unix:///run/redis.sock"),
        ("redis:/u:PW@h:1", "redis:/h:1"),
        (":PW@h:6379", "h:6379"),
        ("u:PW@[::1]:6379", "[::1]:6379"),
        ("https://u:PW@h/a@b", "https://h/a@b"),
        ("amqp+ssl://u:PW@h/a and http://PW@h", "amqp+ssl://h/a and http://h"),
        ("http://h/?access_token=PW&a=1", "http://h/?access_token=<secret>&a=1"),
        ("redis://h:1?password=PW", "redis://h:1?password=<secret>"),
        ("http://h/#api-key=PW", "http://h/#api-key=<secret>"),
    ],
)
def test_a_login_in_a_url_is_left_out(text: str, shown: str) -> None:
    assert without_login(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h:6379",
        "/run/redis.sock",
        "redis://h:6379/1",
        "https://hub.example.com/@team/x?page=2",
        "ops@example.com",
        "mailto:ops@example.com",
        "owner:ops@example.com",
        "a=b;c=d",
        "cart:{user}@eu",
    ],
)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert without_login(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('must be auto, not "redis://u:PW@h:1": write auto', 'must be auto, not "redis://h:1": write auto'),
        ('"https://u:PW@h/x" is no size', '"https://h/x" is no size'),
        ('not "https://hooks.slack.com/services/T/B/PW"', 'not "https://hooks.slack.com/services/<secret>"'),
        (
            "stand before an @: redis://user:password@host:6379, not redis://u:PW@h",
            "stand before an @: redis://user:password@host:6379, not redis://h",
        ),
        ("/etc/http:/u:PW@h/x cannot be read", "/etc/http:/h/x cannot be read"),
        ("/etc/https:/hooks.slack.com/services/PW is", "/etc/https:/hooks.slack.com/services/<secret> is"),
        ("with a password redis://:password@host:6379", "with a password redis://:password@host:6379"),
        ('redis://user:password@host:6379"PW@h', "redis://h"),
    ],
)
def test_a_sentence_quotes_no_login_and_keeps_its_examples(text: str, shown: str) -> None:
    assert sentence_without_logins(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rediss://app:PW@h:6379", "rediss://app@h:6379"),
        ("redis://app@h:6379", "redis://app@h:6379"),
        ("redis://:PW@h", "redis://h"),
        ("redis://app:P/W @h?token=PW", "redis://app@h?token=<secret>"),
        ("redis://P/W@h", "redis://h"),
        ("unix://u:PW@/run/redis.sock", "unix://u@/run/redis.sock"),
        ("https://u:PW@h", "https://h"),
        ("u:PW@h:1", "h:1"),
        ("orders redis://u:PW@h", "orders redis://h"),
        ("orders", "orders"),
    ],
)
def test_a_name_keeps_the_user_of_a_server_s_url(text: str, shown: str) -> None:
    assert without_password(text) == shown
