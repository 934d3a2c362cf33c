from exporter.migration.redaction import redact


def test_what_a_dry_run_prints_holds_no_passwords_and_tokens_of_urls() -> None:
    document = {
        "alertmanagers": ["http://a:pa55@b:pa55@am:9093"],
        "http": [{"url": "http://u:pa55@h/sd?api_token=pa55&page=2"}],
        "headers": {"x": "pa55"},
    }
    assert redact(document) == {
        "alertmanagers": ["http://a:<hidden>@am:9093"],
        "http": [{"url": "http://u:<hidden>@h/sd?api_token=<hidden>&page=2"}],
        "headers": {"x": "<hidden>"},
    }
