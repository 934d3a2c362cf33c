"""URLs that may hold secrets: where they lead, and what is shown of them."""

import pytest

from exporter.model.http_url import HttpUrl


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://am:9093", "http://am:9093"),
        ("http://u:S3C@am:9093/x/", "http://am:9093/x/"),
        ("http://S3C@am", "http://am"),
        ("http://u:p@S3C@am/x", "http://am/x"),
        ("https://am/x?token=S3C&b=c", "https://am/x"),
        ("https://am?S3C", "https://am"),
        ("https://hooks.slack.com/services/T1/B2/S3C", "https://hooks.slack.com/services/<secret>"),
        ("https://hooks.slack.com/triggers/S3C", "https://hooks.slack.com/triggers/<secret>"),
        ("https://discord.com/api/webhooks/12/S3C", "https://discord.com/api/webhooks/<secret>"),
        ("https://x.webhook.office.com/webhookb2/S3C@1/x", "https://x.webhook.office.com/webhookb2/<secret>"),
        ("https://x.logic.azure.com/workflows/S3C/t?sig=S3C", "https://x.logic.azure.com/workflows/<secret>"),
        (
            "https://api.telegram.org/bot12:S3C/sendMessage",
            "https://api.telegram.org/bot<secret>/sendMessage",
        ),
        ("https://chat.example.com/hooks/S3C", "https://chat.example.com/hooks/<secret>"),
    ],
)
def test_nothing_secret_is_shown(text: str, shown: str) -> None:
    url = HttpUrl(text)
    assert url.shown == str(url) == repr(url) == f"{url}" == shown
    assert url.reveal() == text
    assert "S3C" not in repr([url, {"url": url}])


@pytest.mark.parametrize(
    ("text", "below"),
    [
        ("http://am", "http://am/api/v2/alerts"),
        ("http://am/", "http://am/api/v2/alerts"),
        ("http://u:p@am:1/x/?token=a/b&c", "http://u:p@am:1/x/api/v2/alerts?token=a/b&c"),
        ("http://[::1]:9093?t", "http://[::1]:9093/api/v2/alerts?t"),
    ],
)
def test_path_is_added_before_the_query(text: str, below: str) -> None:
    assert HttpUrl(text).with_path("/api/v2/alerts").reveal() == below
