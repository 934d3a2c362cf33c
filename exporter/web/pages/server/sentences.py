"""Events in words: one line each, with a sign."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from exporter.errors import Reason
from exporter.events import EventKind
from exporter.web.pages.moments import span_text
from exporter.web.pages.server.figures import bytes_figure, count_figure, time_figure

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened: a `subject` that others have named, may be empty, and the rest; `end` is how long."""

    sign: str
    tone: str
    subject: str
    text: str
    end: str = ""

    def says_the_same(self, other: "Sentence") -> bool:
        """Whether another one differs in its end at most."""
        return (self.sign, self.subject, self.text) == (other.sign, other.subject, other.text)


def describe(kind: str, fields: Fields) -> Sentence:
    """Say what happened; an event of a kind from a later version is said as it is."""
    write = _WRITERS.get(kind)
    if write is None:
        return Sentence("info", "quiet", "", kind.replace("_", " "))
    found = write(fields)
    # Texts of others are shown with escapes for what is no plain space: those of figures are plain here.
    return replace(found, text=found.text.replace("\N{NO-BREAK SPACE}", " "))


def _alert(fields: Fields) -> Sentence:
    state, severity = str(fields.get("state", "")), str(fields.get("severity", ""))
    tone = severity if severity in ("critical", "warning") else "info"
    words = {
        "pending": "is pending",
        "firing": "fires",
        "resolved": "is resolved",
        "inactive": "is pending no more",
    }.get(state, state)
    summary = str(fields.get("summary", "")) if state == "firing" else ""
    after = fields.get("after_seconds") if state in ("resolved", "inactive") else None
    return Sentence(
        "m-alert",
        tone if state == "firing" else "quiet",
        str(fields.get("alertname", "")),
        f"{words}: {summary}" if summary else words,
        _after(after),
    )


def _notification(fields: Fields) -> Sentence:
    names = ", ".join(map(str, fields.get("alertnames") or ()))
    is_sent = fields.get("outcome") == "sent"
    words = "was told of" if is_sent else "could not be told of"
    error = f": {fields['error']}" if fields.get("error") else ""
    return Sentence(
        "info", "quiet" if is_sent else "warning", str(fields.get("receiver", "")), f"{words} {names}{error}"
    )


def _down(fields: Fields) -> Sentence:
    return Sentence("critical", "critical", "", f"stopped answering: {_reason(fields)}")


def _up(fields: Fields) -> Sentence:
    return Sentence("ok", "ok", "", "answers again", _after(fields.get("down_seconds")))


def _restart(fields: Fields) -> Sentence:
    return Sentence("m-restart", "quiet", "", "was restarted")


def _failover(fields: Fields) -> Sentence:
    before, after = str(fields.get("before") or ""), str(fields.get("after") or "this server")
    text = f"{after} is the primary" + (f", it was {before}" if before else "")
    return Sentence("m-failover", "info", "", f"failover: {text}, says {fields.get('told_by', '?')}")


def _role_change(fields: Fields) -> Sentence:
    primary = f" of {fields['primary']}" if fields.get("primary") else ""
    text = f"became a {fields.get('after', '?')}{primary}, was a {fields.get('before', '?')}"
    return Sentence("m-failover", "info", "", text)


def _topology_change(fields: Fields) -> Sentence:
    return Sentence("m-failover", "quiet", "", f"{fields.get('what', 'topology')}: {_difference(fields)}")


def _version_change(fields: Fields) -> Sentence:
    return Sentence("m-config", "quiet", "", f"{fields.get('what') or 'version'}: {_difference(fields)}")


def _config_change(fields: Fields) -> Sentence:
    text = f"{_difference(fields)}{_author(fields)}"
    return Sentence("m-config", "quiet", str(fields.get("parameter", "")), text)


def _acl_change(fields: Fields) -> Sentence:
    password = ", other passwords" if fields.get("passwords_changed") else ""
    text = f"user {fields.get('change', 'changed')}{password}{_author(fields)}"
    return Sentence("m-config", "quiet", str(fields.get("user", "")), text)


def _client_change(fields: Fields) -> Sentence:
    sort = {"name": "clients", "library": "client libraries"}.get(str(fields.get("what")), "clients")
    return Sentence("info", "quiet", "", f"{sort}: {_difference(fields)}")


def _acl_denial(fields: Fields) -> Sentence:
    count = fields.get("count") or 1
    times = f", {count_figure(count)} times" if isinstance(count, int) and count > 1 else ""
    text = f"was refused {fields.get('reason', '')} {fields.get('object', '')}{times}"
    return Sentence("warning", "warning", str(fields.get("username", "")), text)


def _latency_spike(fields: Fields) -> Sentence:
    seconds = fields.get("duration_seconds")
    end = time_figure(seconds) if isinstance(seconds, int | float) else ""
    return Sentence("info", "quiet", "", f"latency spike: {fields.get('event', '?')}", end)


def _slowlog_lost(fields: Fields) -> Sentence:
    return Sentence(
        "info", "quiet", "", f"{fields.get('entries', '?')} entries of the slow log were not seen"
    )


def _scan(fields: Fields) -> Sentence:
    if fields.get("state") != "end":
        return Sentence("info", "quiet", "", "keyspace scan began")
    keys, memory = fields.get("keys"), fields.get("memory_bytes")
    told = f"keyspace scan: {count_figure(keys)} keys"
    told += f" of {bytes_figure(memory)}" if isinstance(memory, int) else ""
    return Sentence("info", "quiet", "", told, _after(fields.get("duration_seconds")))


def _reload(fields: Fields) -> Sentence:
    if fields.get("outcome") == "failed" or fields.get("error"):
        return Sentence("warning", "warning", "", f"configuration refused: {fields.get('error') or '?'}")
    names = [name for key in ("files_changed", "files_new", "files_gone") for name in fields.get(key) or ()]
    return Sentence(
        "m-config", "quiet", "", f"configuration reloaded: {', '.join(map(str, names)) or 'as it was'}"
    )


def _action(fields: Fields) -> Sentence:
    words = {
        "silence": "silence made",
        "edit": "silence changed",
        "extend": "silence extended",
        "expire": "silence ended",
        "reload": "reload asked for",
        "test": "test message sent",
    }
    what = str(fields.get("what", ""))
    about = fields.get("matchers") or fields.get("receiver") or ""
    text = f"{words.get(what, what)}{f': {about}' if about else ''}{_author(fields)}"
    return Sentence("quiet", "quiet", "", text)


def _daemon(fields: Fields) -> Sentence:
    if fields.get("state") != "started":
        return Sentence("m-restart", "quiet", "", "redis-vigil ended")
    unclean = ", the one before had not ended by itself" if fields.get("ended_cleanly") is False else ""
    return Sentence("m-restart", "quiet", "", f"redis-vigil {fields.get('version', '')} started{unclean}")


def _after(seconds: object) -> str:
    return f"after {span_text(seconds)}" if isinstance(seconds, int | float) and seconds > 0 else ""


def _reason(fields: Fields) -> str:
    try:
        return Reason(str(fields.get("reason", ""))).words
    except ValueError:
        return str(fields.get("message", ""))


def _difference(fields: Fields) -> str:
    """`new a, b; gone c`, or `before → after`."""
    if "before" in fields or "after" in fields:
        return f"{fields.get('before') or 'none'} → {fields.get('after') or 'none'}"
    parts = [
        f"{word} {', '.join(map(str, values))}"
        for word in ("new", "gone")
        if isinstance(values := fields.get(word), list) and values
    ]
    return "; ".join(parts) or "changed"


def _author(fields: Fields) -> str:
    who = fields.get("by_name") or fields.get("by_user") or fields.get("by")
    return f", by {who}" if who else ""


_WRITERS: Final[Mapping[str, Callable[[Fields], Sentence]]] = {
    EventKind.ALERT: _alert,
    EventKind.NOTIFICATION: _notification,
    EventKind.DOWN: _down,
    EventKind.UP: _up,
    EventKind.RESTART: _restart,
    EventKind.FAILOVER: _failover,
    EventKind.ROLE_CHANGE: _role_change,
    EventKind.TOPOLOGY_CHANGE: _topology_change,
    EventKind.VERSION_CHANGE: _version_change,
    EventKind.CONFIG_CHANGE: _config_change,
    EventKind.ACL_CHANGE: _acl_change,
    EventKind.CLIENT_CHANGE: _client_change,
    EventKind.ACL_DENIAL: _acl_denial,
    EventKind.LATENCY_SPIKE: _latency_spike,
    EventKind.SLOWLOG_LOST: _slowlog_lost,
    EventKind.SCAN: _scan,
    EventKind.RELOAD: _reload,
    EventKind.ACTION: _action,
    EventKind.DAEMON: _daemon,
}
