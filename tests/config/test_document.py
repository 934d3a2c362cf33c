"""YAML with positions, and pydantic's errors in our words."""

import contextlib
import os
from pathlib import Path
from typing import Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from exporter.config.document import MAX_BYTES, Document, validate
from exporter.config.fields import (
    ByteSize,
    Duration,
    PositiveDuration,
    ReadableFile,
    RelativePath,
    SecretText,
    Section,
    text_from_file,
)
from exporter.config.nodes import MAX_DEPTH
from exporter.errors import ConfigError, describe

TEXT = """\
global:
  interval: 15s
targets:
  - url: redis://a
    labels: {env: prod, "on": 1.10}
  - url: redis://b
"""


DURATION = (
    "is not a duration: write whole numbers with units y, w, d, h, m, s, ms, "
    "largest first, such as 15s or 1h30m"
)


class Login(Section):
    """Credentials."""

    password: SecretText | None = None
    """The password."""
    username: str = ""
    """The user."""


class Server(Section):
    """One server."""

    url: str
    """Where."""
    port: int = Field(6379, gt=0)
    """Port."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels."""
    login: Login = Login()
    """Login."""


class Sample(Section):
    """A model with one field of each kind."""

    interval: PositiveDuration = Duration(15_000)
    """Interval."""
    enabled: bool = True
    """On."""
    limit: ByteSize = 0
    """Bytes."""
    mode: Literal["fast", "slow"] = "fast"
    """Mode."""
    targets: tuple[Server, ...] = ()
    """Servers."""
    data: RelativePath = Path("data")
    """A path."""
    ca_file: ReadableFile | None = None
    """A file."""


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        validate(Document.parse(text, "c.yml"), Sample)
    return [str(problem) for problem in caught.value.problems]


def test_data_is_plain_and_scalars_stay_as_written() -> None:
    assert Document.parse(TEXT, "c.yml").data == {
        "global": {"interval": "15s"},
        "targets": [
            {"url": "redis://a", "labels": {"env": "prod", "on": "1.10"}},
            {"url": "redis://b"},
        ],
    }


@pytest.mark.parametrize(
    ("place", "value", "key"),
    [
        (("global",), (2, 3), (1, 1)),
        (("global", "interval"), (2, 13), (2, 3)),
        (("targets", 0, "url"), (4, 10), (4, 5)),
        (("targets", 0, "labels", "env"), (5, 19), (5, 14)),
        (("targets", 1), (6, 5), (6, 5)),
        (("targets", 1, "password"), (6, 5), (6, 5)),
        (("targets", 7), (4, 3), (4, 3)),
        ((), (1, 1), (1, 1)),
    ],
)
def test_positions(place: tuple[str | int, ...], value: tuple[int, int], key: tuple[int, int]) -> None:
    document = Document.parse(TEXT, "c.yml")
    assert document.locate(place) == value
    assert document.locate_key(place) == key


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2\nb: c", "c.yml:2:2: not valid YAML: while parsing a flow sequence, did not find expected"),
        ("a: b: c", "c.yml:1:5: not valid YAML: mapping values are not allowed in this context"),
        ("a:\n\t- b", "c.yml:2:1: not valid YAML: a tab, where only spaces can stand"),
        ("a: x\nb: \x07", "c.yml:2:4: not valid YAML: a control character"),
        ("", "c.yml: the file is empty"),
        ("# only a comment\n", "c.yml: the file is empty"),
        ("a: 1\n---\nb: 2\n", "c.yml:2:1: a second document begins here; one file holds one document"),
        ("a: 1\nb: 2\na: 3\n", 'c.yml:3:1: the key "a" is given twice, first in line 1'),
        ("a: *x", 'c.yml:1:4: the alias "*x" has no anchor before it, or stands inside it'),
        ("a: &x [*x]", 'c.yml:1:8: the alias "*x" has no anchor before it, or stands inside it'),
        (
            "a: !!python/name:os.system x",
            'c.yml:1:4: the tag "!!python/name:os.system" is not supported here',
        ),
        ("[1, 2]: x", "c.yml:1:1: a key must be a plain text, not a list or a mapping"),
        ("<<: 5", 'c.yml:1:5: "<<" merges a mapping or a list of mappings'),
    ],
)
def test_text_that_is_not_one_document(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Document.parse(text, "c.yml")
    assert str(caught.value).startswith(message)


def test_all_duplicate_keys_are_reported() -> None:
    with pytest.raises(ConfigError) as caught:
        Document.parse("a: 1\na: 2\nb: {c: 1, c: 2}\n", "c.yml")
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(2, 1), (3, 11)]


def test_merge_keys() -> None:
    text = "base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\none: {y: 3, <<: *b}\ntwo: {<<: [*m, *b]}\n"
    data = Document.parse(text, "c.yml").data
    assert isinstance(data, dict)
    assert data["one"] == {"x": "1", "y": "3"}
    assert data["two"] == {"x": "1", "y": "2", "z": "2"}


def test_a_quoted_merge_key_is_just_a_key() -> None:
    assert Document.parse('"<<": 5', "c.yml").data == {"<<": "5"}


@pytest.mark.parametrize("text", ["~", "null", "NULL", ""])
def test_nothing_and_the_text_null(text: str) -> None:
    assert Document.parse(f"a: {text}\nb: 'null'", "c.yml").data == {"a": None, "b": "null"}


def test_laughing_aliases_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ConfigError, match="holds more than 200000 values"):
        Document.parse("\n".join(lines), "c.yml")


def test_laughing_merges_are_refused() -> None:
    wide = ", ".join(f"k{n}: x" for n in range(5000))
    with pytest.raises(ConfigError, match="holds more than 200000 values"):
        Document.parse(f"a: &a {{{wide}}}\nb:\n" + "- {<<: *a}\n" * 200, "c.yml")


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(ConfigError, match=r"nested deeper than 50 levels|not valid YAML"):
        Document.parse("[" * depth + "]" * depth, "c.yml")


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    def message(path: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            Document.load(path, "shown.yml")
        return str(caught.value)

    assert message(tmp_path / "none.yml") == "shown.yml: cannot be read: No such file or directory"
    assert message(tmp_path) == "shown.yml: cannot be read: Is a directory"
    latin = tmp_path / "latin.yml"
    latin.write_bytes(b"a: 1\nb: caf\xe9\n")
    assert message(latin) == "shown.yml:2:7: is not UTF-8 text"
    huge = tmp_path / "huge.yml"
    with huge.open("wb") as file:
        os.truncate(file.fileno(), MAX_BYTES + 1)
    assert message(huge) == "shown.yml: is larger than 8 MiB"


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "bom.yml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert Document.load(path).data == {"a": "1"}


def test_a_valid_model(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    text = "interval: 1m\nlimit: 2MB\nenabled: no\nca_file: ca.pem\ndata:\n"
    text += "targets: [{url: u, login: {password: p}}]\n"
    (tmp_path / "c.yml").write_text(text)
    sample = validate(Document.load(tmp_path / "c.yml"), Sample)
    assert sample.interval.seconds == 60
    assert sample.interval.milliseconds == 60_000
    assert str(sample.interval) == "1m"
    assert sample.limit == 2 << 20
    assert sample.enabled is False
    assert sample.ca_file == tmp_path / "ca.pem"
    assert sample.targets[0].login.password is not None
    assert sample.targets[0].login.password.reveal() == "p"
    assert "'p'" not in repr(sample)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("intervall: 5s", '1:1: intervall: unknown key, did you mean "interval"?'),
        ("zzz: 5s", "1:1: zzz: unknown key"),
        ("zzz:", "1:1: zzz: unknown key"),
        ("targets:\n  - port: 5", "2:5: targets[0].url: is missing"),
        ("targets: [{url: , port: 5}]", "1:17: targets[0].url: is missing"),
        (
            "targets: [{url: x, login: {pasword: hunter2}}]",
            '1:28: targets[0].login.pasword: unknown key, did you mean "password"?',
        ),
        (
            "targets: [{url: x, login: {password: [hunter2]}}]",
            "1:38: targets[0].login.password: must be a text",
        ),
        ("targets: [{url: x, login: hunter2}]", "1:27: targets[0].login: must be a mapping, not a text"),
        ("targets: 5", "1:10: targets: must be a list, not a text"),
        ("targets: [{url: {}}]", "1:17: targets[0].url: must be a text, not a mapping"),
        ("targets: [{url: x, labels: [a]}]", "1:28: targets[0].labels: must be a mapping, not a list"),
        ("targets: [{url: x, labels: {a: }}]", "1:32: targets[0].labels.a: must be a text, not nothing"),
        ("targets: [{url: x, port: abc}]", '1:26: targets[0].port: must be a whole number, not "abc"'),
        ("targets: [{url: x, port: 0}]", "1:26: targets[0].port: must be greater than 0"),
        ("interval: 5", f'1:11: interval: "5" {DURATION.replace("15s", "5s")}'),
        ("interval: 0s", "1:11: interval: must be longer than 0"),
        ("interval: [5s]", "1:11: interval: must be a duration such as 15s, not a list"),
        ("enabled: maybe", '1:10: enabled: must be true or false, not "maybe"'),
        ("mode: slo", '1:7: mode: must be one of fast, slow, not "slo", did you mean "slow"?'),
        (
            "limit: 5XB",
            '1:8: limit: "5XB" is not a size: write a whole number with unit B, KB, MB or GB, such as 256MB',
        ),
        ("ca_file: none.pem", "1:10: ca_file: none.pem cannot be read: no such file or directory"),
        ("[]", "1:1: must be a mapping, not a list"),
    ],
)
def test_messages(text: str, message: str) -> None:
    assert problems_of(text) == [f"c.yml:{message}"]


def test_all_problems_at_once_in_the_order_of_the_file() -> None:
    assert problems_of("mode: x\nzzz: 1\ninterval: y\ntargets:\n  - ur: x\n") == [
        'c.yml:1:7: mode: must be one of fast, slow, not "x"',
        "c.yml:2:1: zzz: unknown key",
        f'c.yml:3:11: interval: "y" {DURATION}',
        "c.yml:5:5: targets[0].url: is missing",
        'c.yml:5:5: targets[0].ur: unknown key, did you mean "url"?',
    ]


def test_files_that_hold_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(ValueError, match=r"secret is not UTF-8 text$"):
        text_from_file(path)
    path.write_bytes(b"x" * 70_000)
    with pytest.raises(ValueError, match=r"secret is larger than 64 KiB, too much for a secret$"):
        text_from_file(path)
    path.write_bytes(b" pa55 word \r\n")
    assert text_from_file(path) == " pa55 word "


def test_describe() -> None:
    assert describe(("targets", 2, "labels", "a")) == "targets[2].labels.a"
    assert describe(()) == ""


@given(st.text(max_size=200))
def test_any_text_is_a_document_or_a_config_error(text: str) -> None:
    # Anything but these two outcomes is an exception that escapes.
    with contextlib.suppress(ConfigError):
        assert Document.parse(text, "c.yml").data is not None


plain_data = st.recursive(
    st.none() | st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcdef", min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(plain_data)
def test_what_yaml_writes_is_read_back(data: object) -> None:
    text = yaml.safe_dump({"x": data}, allow_unicode=True)
    assert Document.parse(text, "c.yml").data == {"x": data}
