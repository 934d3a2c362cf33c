"""The JSON schema, the reference made from it, and the files that must agree with both."""

from pathlib import Path

from exporter.config.reference import BEGIN, END, with_reference
from exporter.config.schema import config_schema

ROOT = Path(__file__).parent.parent.parent


def test_every_key_is_described() -> None:
    schema = config_schema()
    bare = [
        f"{name}.{key}"
        for name, section in [("", schema), *schema["$defs"].items()]
        for key, value in section.get("properties", {}).items()
        if not value.get("description")
    ]
    assert bare == []


def test_no_section_takes_unknown_keys() -> None:
    schema = config_schema()
    assert [schema, *schema["$defs"].values()]
    assert all(section["additionalProperties"] is False for section in [schema, *schema["$defs"].values()])


def test_defaults_stand_as_users_write_them() -> None:
    properties = config_schema()["$defs"]["GlobalSection"]["properties"]
    assert properties["sample_interval"]["default"] == "15s"


def test_the_schema_has_its_name_and_dialect() -> None:
    schema = config_schema()
    assert schema["title"] == "redis-vigil configuration"
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_documented_reference_is_up_to_date() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert text == with_reference(text), "run `make docs`"


def test_the_reference_replaces_what_stands_between_its_marks() -> None:
    text = with_reference(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert text.startswith(f"before\n{BEGIN}\n\n### Top level\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old\n" not in text
    assert "| `url` | text | required | Where the server is" in text
    assert "| `tls` | [`targets[].tls`](#targetstls) |  | TLS options" in text
    assert "| `memory_limit` | size | `256MB` |" in text
