"""Who is told, and whether the links in what they are told open anything."""

import pytest

from exporter.config.alertmanager.config import parse_alertmanager_config
from exporter.config.document import Document
from exporter.config.web_config import WebConfig
from exporter.routing import links_warning
from exporter.web.server import bind, default_url

TOLD = "receivers: [{name: ops, webhook_configs: [{url: 'http://hook'}]}]"
NOBODY = "receivers: [{name: ops}]"


@pytest.mark.parametrize(
    ("receivers", "external_url", "host", "is_doubtful"),
    [
        (TOLD, "", "127.0.0.1", True),
        (TOLD, "", "::1", True),
        (TOLD, "", "localhost", True),
        (TOLD, "https://vigil.example.com", "127.0.0.1", False),
        (TOLD, "", "", False),
        (TOLD, "", "10.0.0.7", False),
        (NOBODY, "", "127.0.0.1", False),
    ],
)
def test_links_that_open_nothing_elsewhere(
    receivers: str, external_url: str, host: str, is_doubtful: bool
) -> None:
    document = Document.parse(f"route: {{receiver: ops}}\n{receivers}\n", "am.yml")
    warning = links_warning(parse_alertmanager_config(document), external_url, host)
    assert bool(warning) is is_doubtful
    if is_doubtful:
        assert f"listens on {host} only" in warning
        assert "ops" in warning


def test_links_work_on_this_machine_where_nobody_else_can_come() -> None:
    with bind("127.0.0.1", 0) as listener:
        assert default_url(listener, WebConfig()) == f"http://127.0.0.1:{listener.getsockname()[1]}"
    with bind("::1", 0) as listener:
        assert default_url(listener, WebConfig()) == f"http://[::1]:{listener.getsockname()[1]}"
    with bind("", 0) as listener:
        assert "://[" not in default_url(listener, WebConfig())
