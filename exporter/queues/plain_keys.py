"""Names of lists of unknown makers: which look like queues, and how they would be configured.

A name is cut into pieces, and each piece tells something or is a name: `queue:processing:mail` is a queue
"mail", and what is in work of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# A word for queues anywhere in a name, also as in `mailQueue`, `taskqueue` and `mailJobs`.
LOOKS_LIKE_A_QUEUE: Final = re.compile(
    rb"(?:.*[^A-Za-z])?"
    rb"(?:(?i:[a-z]*queues?|jobs?|tasks?|q|todo|backlog|inbox|outbox|dlq|work)|[A-Za-z]*[a-z](?:Jobs|Tasks))"
    rb"(?:[^A-Za-z].*)?",
    re.DOTALL,
)
_COLONS: Final = re.compile(r"(:+)")
_SEPARATORS: Final = re.compile(r"([:./|_-]+)")
_QUEUE_WORD: Final = re.compile(r"(?i)(?:[a-z]*queues?|jobs?|tasks?|q|todo|backlog|inbox|outbox|work)")
_PRIORITY: Final = re.compile(r"(?i)[0-9]{1,2}|highest|high|medium|normal|lowest|low|urgent|critical")
# Words for what jobs in a list are, and the state that it is here.
_STATES: Final = {
    "active": re.compile(r"(?i)processing|active|in-?flight|reserved|running|unacked|working|inprogress"),
    "dead": re.compile(r"(?i)dlq|dead|dead-?letters?"),
    "failed": re.compile(r"(?i)failed|failures?|errors?"),
    "retry": re.compile(r"(?i)retry|retries"),
    "completed": re.compile(r"(?i)completed|done|processed|finished|success"),
    "delayed": re.compile(r"(?i)delayed|scheduled|later"),
    "waiting": re.compile(r"(?i)waiting|pending|ready|wait"),
}
# Keys that are not ours to describe by the pieces of their names: whose they are, and the pattern.
_KNOWN_MAKERS: Final = (
    ("django-q", re.compile(r"django_q:[^:]+:q"), "django_q:{name}:q"),
    ("machinery", re.compile(r"machinery_tasks"), "machinery_tasks"),
    ("hotqueue", re.compile(r"hotqueue:.+"), "hotqueue:{name}"),
    ("MRQ", re.compile(r"mrq:q:.+"), "mrq:q:{name}"),
    ("rmq (Go)", re.compile(r"rmq::queue::\[.+\]::ready"), "rmq::queue::[{name}]::ready"),
    ("rmq (Go)", re.compile(r"rmq::queue::\[.+\]::rejected"), "rmq::queue::[{name}]::rejected"),
    ("yii2-queue", re.compile(r".+\.waiting"), ""),
)


@dataclass(frozen=True, slots=True)
class KeyShape:
    """A pattern by which keys would be configured.

    `key` and `name` are as in `samplers.queues.lists`. `maker` is the framework that is known to write such
    keys, empty where none is.
    """

    key: str
    state: str = "waiting"
    name: str = ""
    maker: str = ""


def describe_key(key: str) -> KeyShape:
    """Return the pattern of a key.

    It has `{name}` for what is no word of a queue, and `{priority}` for what looks like one at its end.
    """
    for maker, pattern, text in _KNOWN_MAKERS:
        if pattern.fullmatch(key):
            state = "failed" if "rejected" in text else "waiting"
            text = text or key
            return KeyShape(text, state, "" if "{name}" in text else _first_word(key), maker)
    pieces = _COLONS.split(key)
    kinds = [_kind_of(piece) for piece in pieces[::2]]
    if not any(kinds):
        pieces = _SEPARATORS.split(key)
        kinds = [_kind_of(piece) for piece in pieces[::2]]
    has_priority = len(kinds) > 2 and _PRIORITY.fullmatch(pieces[-1]) and not kinds[-1]
    if has_priority:
        kinds[-1] = "priority"
        pieces[-1] = "{priority}"
    state = next((kind for kind in kinds if kind in _STATES), "waiting")
    names = [index for index, kind in enumerate(kinds) if kind == ""]
    if not names or not any(kinds):
        return KeyShape("".join(pieces), state, key)
    begin, end = _name_within(kinds, names)
    pieces[2 * begin : 2 * end + 1] = ["{name}"]
    return KeyShape("".join(pieces), state)


def _kind_of(piece: str) -> str:
    """A state, or `queue`; empty for a word that may be a name."""
    if _QUEUE_WORD.fullmatch(piece):
        return "queue"
    return next((state for state, words in _STATES.items() if words.fullmatch(piece)), "")


def _name_within(kinds: Sequence[str], names: Sequence[int]) -> tuple[int, int]:
    """Return where the name stands, by its first and last piece.

    It is all that follows the first word of a queue, which may hold the separator; else the piece in front of
    that.
    """
    last = first = names[-1]
    while first - 1 in names and any(kinds[: first - 1]):
        first -= 1
    return first, last


def _first_word(key: str) -> str:
    return _SEPARATORS.split(key)[0] or key
