"""No flag of redis_exporter is passed over."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from exporter.config.main import load_config
from exporter.drafts import write_draft
from exporter.errors import ConfigError
from exporter.migration.redis_exporter import Invocation, Migration, convert
from exporter.migration.redis_exporter.flags import BY_NAME, BY_VARIABLE, FLAGS, Fate, Flag, Kind

# What a flag does something with.
BESIDE: Final = {
    "tls-server-": ("--tls-server-cert-file=a.pem", "--tls-server-key-file=b.pem"),
    "tls-": ("--redis.addr=rediss://localhost",),
    "skip-tls-verification": ("--redis.addr=rediss://localhost",),
    "basic-auth-username": ("--basic-auth-password=a",),
    "basic-auth-": ("--basic-auth-username=a",),
    "check-search-indexes": ("--include-search-indexes-metrics",),
    "lua-script-read-only": ("--script=a.lua",),
    "redis.user": ("--redis.password=a",),
}
VALUES: Final = {
    "redis.addr": "redis://other:6379",
    "web.listen-address": ":9122",
    "connection-timeout": "3s",
    "tls-server-min-version": "TLS1.3",
    "namespace": "shop",
    "log-level": "error",
    "log-format": "json",
    "basic-auth-hash-password": f"$2y$10${'a' * 53}",
}


def value_of(flag: Flag) -> str:
    """A value that is not the default."""
    if flag.kind is Kind.BOOL:
        return "false" if flag.default == "true" else "true"
    return VALUES.get(flag.name, "7" if flag.kind is Kind.INT else "/elsewhere")


def beside(flag: Flag) -> Sequence[str]:
    words = next((words for name, words in BESIDE.items() if flag.name.startswith(name)), ())
    return [word for word in words if word.partition("=")[0] != f"--{flag.name}"]


def migrate(*flags: str) -> Migration:
    return convert([Invocation(flags)])


def settings_of(migration: Migration) -> object:
    """What a migration has made, without the comments, which list the flags."""
    texts = {name: re.sub("(?m)^#.*\n", "", text) for name, text in migration.draft.files.items()}
    return {name: re.sub(r"\$2b\$\S+", "<hash>", text) for name, text in texts.items()}, migration.log_options


def problems(path: Path) -> Sequence[str]:
    try:
        load_config(path)
    except ConfigError as error:
        return [problem.message for problem in error.problems]
    return ()


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_each_flag_changes_something_or_is_told_of(flag: Flag, tmp_path: Path) -> None:
    without, with_it = migrate(*beside(flag)), migrate(*beside(flag), f"--{flag.name}={value_of(flag)}")
    told = [text for text in with_it.draft.differs if f"--{flag.name}" in text]
    if flag.fate is Fate.TAKEN:
        assert settings_of(with_it) != settings_of(without) or told
    else:
        assert told == [flag.sentence]
    write_draft(with_it.draft, tmp_path)
    # Only files may be wrong with it, which are not here.
    wrong = [text for text in problems(tmp_path / "config.yml") if "cannot be read" not in text]
    assert not wrong


@pytest.mark.parametrize("flag", [flag for flag in FLAGS if flag.variable], ids=lambda flag: flag.variable)
def test_a_variable_does_what_its_flag_does(flag: Flag) -> None:
    by_flag = convert([Invocation([*beside(flag), f"--{flag.name}={value_of(flag)}"])])
    by_variable = convert([Invocation(beside(flag), {flag.variable: value_of(flag)})])
    assert settings_of(by_flag) == settings_of(by_variable)


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_a_flag_with_its_default_changes_nothing(flag: Flag) -> None:
    default = migrate(f"--{flag.name}={flag.default}")
    assert settings_of(default) == settings_of(migrate())
    assert default.draft.differs == migrate().draft.differs


def test_names_and_variables_are_each_there_once() -> None:
    assert len(BY_NAME) == len(FLAGS)
    assert len(BY_VARIABLE) == len([flag for flag in FLAGS if flag.variable])
