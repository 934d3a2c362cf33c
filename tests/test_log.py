"""Lines of the log: each on one line, with its place, and without what a terminal would obey."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from exporter.log import LogLimit, configure_logging, get_logger

_OBEYED = "\x1b]0;x\x07 \x9b2J \r \x08 \u202e \u2066 \x7f \x00 \u2028"


@pytest.fixture(autouse=True)
def _root() -> Iterator[None]:
    """The loggers as they were."""
    root, ours = logging.getLogger(), logging.getLogger("exporter")
    saved = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], level, our_level = saved[0], saved[1], saved[2]
    root.setLevel(level)
    ours.setLevel(our_level)


def _logged(*, as_json: bool, level: str = "debug") -> io.StringIO:
    stream = io.StringIO()
    configure_logging(level, as_json=as_json, stream=stream)
    return stream


@pytest.mark.parametrize("as_json", [False, True])
def test_record_names_the_place_where_it_was_said(*, as_json: bool, caplog: pytest.LogCaptureFixture) -> None:
    stream = _logged(as_json=as_json)
    logging.getLogger().addHandler(caplog.handler)
    log = get_logger("exporter.somewhere")
    for say in (log.debug, log.info, log.warning, log.error):
        say("something")
    try:
        raise ValueError("x")
    except ValueError:
        log.exception("something")
    assert {record.filename for record in caplog.records} == {"test_log.py"}
    assert {record.funcName for record in caplog.records} == {"test_record_names_the_place_where_it_was_said"}
    assert len({record.lineno for record in caplog.records}) == 2
    assert stream.getvalue().count("test_log.py:") >= 5


@pytest.mark.parametrize("as_json", [False, True])
def test_nothing_that_a_terminal_obeys_gets_into_the_log(*, as_json: bool) -> None:
    stream = _logged(as_json=as_json)
    log = get_logger("exporter.somewhere")
    log.info(_OBEYED, name=_OBEYED, list=[_OBEYED])
    try:
        raise ValueError(_OBEYED)
    except ValueError:
        log.exception("something", name=_OBEYED)
    lines = stream.getvalue().split("\n")
    assert all(line.isprintable() for line in lines)
    if as_json:
        assert json.loads(lines[0])["name"] == _OBEYED


def test_libraries_that_show_urls_and_headers_say_nothing_below_warnings() -> None:
    stream = _logged(as_json=False)
    for name in ("httpx", "httpcore.http11", "hpack.hpack", "asyncio"):
        logging.getLogger(name).debug("authorization: S3C")
        logging.getLogger(name).info("GET http://x?token=S3C")
    assert not stream.getvalue()
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    assert "never retrieved" in stream.getvalue()


def test_what_comes_and_goes_is_told_some_times_an_hour() -> None:
    limit = LogLimit(most=3, seconds=3600)
    told = [limit.fields(float(at)) for at in range(0, 3600, 60)]
    assert told[:3] == [{}, {}, {}]
    assert set(map(str, told[3:])) == {"None"}
    assert limit.fields(3601.0) == {"not_logged": 57}
