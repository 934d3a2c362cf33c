"""Files that are written for users: what stands in them, and that nothing is ever written over."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exporter.drafts import Commented, Draft, Suggestion, to_yaml, write_draft
from exporter.errors import UsageError

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
keys = st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=5))
def test_what_is_written_reads_as_what_was_meant(document: dict[str, Any]) -> None:
    assert (yaml.safe_load(to_yaml(document, "A heading.\n\nAnd more.")) or {}) == document


def test_a_file_with_comments_looks_like_one_written_by_hand() -> None:
    text = to_yaml(
        {
            "global": {"sample_interval": "15s"},
            "targets": Commented(
                [
                    {
                        "url": "redis://a:6379",
                        "labels": {"env": "prod"},
                        "password": Suggestion("x", "Or."),
                    },
                    Commented({"url": "redis://b"}, "The other."),
                ],
                "The servers to watch.",
            ),
            "web": Suggestion({"listen_address": ":9121", "external_url": "http://vigil"}, "For links."),
        },
        "Made by hand.",
    )
    assert text == (
        "# Made by hand.\n"
        "\n"
        "global: {sample_interval: 15s}\n"
        "\n"
        "# The servers to watch.\n"
        "targets:\n"
        "  - url: redis://a:6379\n"
        "    labels: {env: prod}\n"
        "    # Or.\n"
        "    # password: x\n"
        "  # The other.\n"
        "  - url: redis://b\n"
        "\n"
        "# For links.\n"
        "# web: {listen_address: ':9121', external_url: 'http://vigil'}\n"
    )


def test_all_files_are_written_or_none(tmp_path: Path) -> None:
    draft = Draft({"config.yml": "a: 1\n", "secrets/redis": "pw\n"}, private=frozenset({"secrets/redis"}))
    paths = write_draft(draft, tmp_path / "new")
    assert [path.read_text() for path in paths] == ["a: 1\n", "pw\n"]
    assert stat.S_IMODE(os.stat(paths[1]).st_mode) == 0o600

    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "secrets").write_text("not a directory")
    with pytest.raises(UsageError, match="cannot be written"):
        write_draft(draft, tmp_path / "old")
    assert not (tmp_path / "old" / "config.yml").exists()


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "b.yml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"b\.yml: exists already"):
        write_draft(Draft({"a.yml": "", "b.yml": ""}), tmp_path)
    assert not (tmp_path / "a.yml").exists()
    assert (tmp_path / "b.yml").is_symlink()


@given(st.text(max_size=60))
def test_nothing_in_a_comment_becomes_a_key(comment: str) -> None:
    for text in (comment, f"{comment}\u2028web: {{}}", f"  {comment}\x85web: {{}}"):
        document = {"a": Commented(1, text), "b": Suggestion({"c": 1}, text)}
        assert yaml.safe_load(to_yaml(document, heading=text)) == {"a": 1}


def test_lines_to_copy_are_not_wrapped() -> None:
    line = "  ACL SETUSER vigil " + "+info " * 30
    text = to_yaml({"a": Commented(1, f"Run this:\n{line}\nThen go on.")})
    assert text == f"# Run this:\n# {line}\n# Then go on.\na: 1\n"
