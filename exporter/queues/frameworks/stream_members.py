"""Many streams of one pattern as one queue: counts are summed up, of ages and lags the worst counts.

In each pass the groups of a share of the members are asked, all of them where there are not more than 1,000.
What takes more questions (ages, stuck entries, a lag that the server does not know) is asked of some of those
in which something is left, half of them the worst, half in turn.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from exporter.connection import Reply
from exporter.errors import Reason, ReplyError
from exporter.queues.base import ReadContext
from exporter.queues.frameworks.stream_reading import MAX_GROUPS, acknowledged_by, read_key
from exporter.queues.known import KnownQueue, Note, printable
from exporter.queues.model import GroupReading, MemberReading, Oldest, Reading
from exporter.queues.replies import count, field_map, items
from exporter.queues.steps import Steps, together
from exporter.queues.vocabulary import LagMethod, Method, Outcome, State

MAX_MEMBERS: Final = 5000
"""Of all patterns of one server's database."""
_MEMBER: Final = "member/"
# What a member's note says: whether what it has counted so far is in the sums of its pattern.
_NEW: Final = 0
_COUNTED: Final = 1
_ADDED: Final = "added"
_ENDED: Final = "ended"
# All who were members at one time are in the sums: what is counted from then on has happened since.
_WHOLE: Final = "whole"
# Members per pass, of all patterns together.
_ASKED: Final = 1000
_LOOKED_INTO: Final = 100
_WORST: Final = 3
# The worst members stay the same ones as long as none is so many times worse.
_MUCH_WORSE: Final = 2.0
_NAME_LENGTH: Final = 200
_OTHER_GROUPS: Final = "other"


def member_notes(keys: Iterable[bytes]) -> Mapping[str, Note]:
    """The notes that make these streams members."""
    return {f"{_MEMBER}{key.hex()}": _NEW for key in keys}


def members_of(queue: KnownQueue) -> frozenset[bytes]:
    """The keys of a pattern's members."""
    return frozenset(_members(queue))


def count_members(queue: KnownQueue) -> int:
    """How many members a pattern has."""
    return len(_notes(queue))


def _notes(queue: KnownQueue) -> list[str]:
    return [note for note in queue.notes if note.startswith(_MEMBER)]


def _members(queue: KnownQueue) -> list[bytes]:
    return [bytes.fromhex(note.removeprefix(_MEMBER)) for note in _notes(queue)]


def read_members(queue: KnownQueue, members: int, context: ReadContext) -> Steps[Reading]:
    """Read the streams of one pattern.

    `members` is the number of those of all patterns, which share what is asked in one pass.
    """
    memory: _KnownMembers = queue.memory.setdefault("members", _KnownMembers())
    names = _members(queue)
    memory.keep(names)
    asked = [*memory.inaccessible(names), *memory.next(names, _share(_ASKED, len(names), members))]
    for start in range(0, len(asked), _ASKED):
        batch = asked[start : start + _ASKED]
        replies = yield [("XINFO", "GROUPS", name) for name in batch]
        for name, reply in zip(batch, replies, strict=True):
            memory.take(queue, name, reply)
    chosen = memory.choose(_share(_LOOKED_INTO, len(names), members))
    readings = yield from together([read_key(name, context) for name in chosen])
    for name, reading in zip(chosen, readings, strict=True):
        memory.take_details(queue, name, reading, context.at)
    return memory.reading(queue)


def _share(of_all: int, own: int, members: int) -> int:
    return max(1, of_all * own // max(1, members)) if members > of_all else own


@dataclass(slots=True)
class _StreamMember:
    """One stream as it was last seen.

    `told` are the lags that the server told, by group; those of `groups` may be known better. `looked_at` is
    when it was last looked into (epoch seconds).
    """

    groups: dict[str, GroupReading] = field(default_factory=dict)
    told: dict[str, int | None] = field(default_factory=dict)
    looked_at: float = 0.0
    added: float | None = None
    ended: float | None = None

    @property
    def lag(self) -> int:
        """That of the group that is furthest behind."""
        return max((group.lag or 0 for group in self.groups.values()), default=0)

    @property
    def backlog(self) -> int:
        """Entries that are left: not given, or not acknowledged."""
        return self.lag + sum(group.pending for group in self.groups.values())

    @property
    def is_open(self) -> bool:
        """Whether there is something to look into.

        Something is left, or the server does not know whether it is, or what was added was never known.
        """
        is_settled = None not in self.told.values() and all(map(_is_done, self.groups.values()))
        return not is_settled or (self.added is None and not self.looked_at)

    @property
    def since(self) -> float | None:
        """Since when the oldest entry that is left has been there."""
        moments = [
            since
            for group in self.groups.values()
            for since in (group.oldest_undelivered, group.oldest_pending)
            if since is not None
        ]
        return min(moments, default=None)


class _KnownMembers:
    """The members of one pattern, remembered from pass to pass."""

    def __init__(self) -> None:
        self._members: dict[bytes, _StreamMember] = {}
        self._place = 0
        self._worst: list[bytes] = []

    def keep(self, names: Iterable[bytes]) -> None:
        """Forget those that are no members any more."""
        for gone in self._members.keys() - set(names):
            del self._members[gone]

    def inaccessible(self, names: Iterable[bytes]) -> Sequence[bytes]:
        """The members of which nothing is known yet."""
        return [name for name in names if name not in self._members]

    def next(self, names: Sequence[bytes], most: int) -> Sequence[bytes]:
        """Those of the others to ask now, in turn."""
        names = [name for name in names if name in self._members]
        if most >= len(names):
            return names
        start = self._place % len(names)
        self._place = start + most
        return (*names[start : start + most], *names[: max(0, start + most - len(names))])

    def take(self, queue: KnownQueue, name: bytes, reply: Reply) -> None:
        """Take in what XINFO GROUPS says of a member; one without groups is none any more."""
        groups = [field_map(group) for group in items(reply)]
        note = f"{_MEMBER}{name.hex()}"
        if not groups:
            if not isinstance(reply, ReplyError) or reply.reason is Reason.REPLY:
                queue.notes.pop(note, None)
                self._members.pop(name, None)
            return
        member = self._members.setdefault(name, _StreamMember())
        followed = [_follow(group, member) for group in groups[:MAX_GROUPS]]
        member.groups = {group.name: group for group in followed}
        member.told = {_name(group): count(group.get("lag")) for group in groups[:MAX_GROUPS]}
        self._count(queue, name, *_totals(groups))

    def choose(self, most: int) -> Sequence[bytes]:
        """The members to look into: half of them those in which most is left, the others in turn."""
        open_ones = [(name, member) for name, member in self._members.items() if member.is_open]
        if len(open_ones) <= most:
            return [name for name, _ in open_ones]
        by_backlog = sorted(open_ones, key=lambda one: -one[1].backlog)
        worst = [name for name, _ in by_backlog[: most // 2]]
        in_turn = sorted(by_backlog[most // 2 :], key=lambda one: one[1].looked_at)
        return [*worst, *(name for name, _ in in_turn[: most - len(worst)])]

    def take_details(self, queue: KnownQueue, name: bytes, reading: Reading, at: float) -> None:
        """Take in what a member told when it was looked into."""
        member = self._members.get(name)
        if member is not None:
            member.looked_at = at
            member.groups = {group.name: group for group in reading.groups} or member.groups
            self._count(queue, name, reading.added, reading.finished.get(Outcome.UNKNOWN))

    def _count(self, queue: KnownQueue, name: bytes, added: float | None, ended: float | None) -> None:
        """Move the sums on by what a member has counted.

        What it had counted when it became one is in them; what went by while the daemon did not run is not.
        """
        if added is None:
            return
        member, note = self._members[name], f"{_MEMBER}{name.hex()}"
        if queue.notes.get(note) != _COUNTED:
            member.added = member.ended = 0.0
            queue.notes[note] = _COUNTED
        queue.add(_ADDED, _growth(member.added, added))
        member.added = added
        if ended is not None:
            queue.add(_ENDED, _growth(member.ended, ended))
            member.ended = ended

    def reading(self, queue: KnownQueue) -> Reading:
        """All members together."""
        members = list(self._members.values())
        reading = Reading(method=Method.TIMESTAMP, members=count_members(queue))
        if all(group.lag is not None for one in members for group in one.groups.values()):
            reading.count(State.WAITING, sum(one.lag for one in members))
        reading.count(State.ACTIVE, sum(group.pending for one in members for group in one.groups.values()))
        reading.groups = _together(members)
        reading.stuck = sum(group.stuck or 0 for group in reading.groups)
        undelivered = [group.oldest_undelivered for group in reading.groups if group.oldest_undelivered]
        if undelivered:
            reading.oldest = Oldest(min(undelivered), Method.TIMESTAMP)
        self._take_sums(queue, reading)
        self._worst = self._choose_worst()
        reading.worst = [self._as_reading(name) for name in self._worst]
        return reading

    def _take_sums(self, queue: KnownQueue, reading: Reading) -> None:
        if _WHOLE not in queue.notes:
            members = _notes(queue)
            if not members or any(queue.notes[note] == _NEW for note in members):
                return
            queue.notes[_WHOLE] = 1
        reading.added = queue.number(_ADDED)
        if _ENDED in queue.notes:
            reading.finished[Outcome.UNKNOWN] = queue.number(_ENDED)

    def _choose_worst(self) -> list[bytes]:
        """Those in which most is left; the same ones as in the pass before where others are little worse."""
        left = {name: member.backlog for name, member in self._members.items() if member.backlog}
        worst = sorted(left, key=lambda name: (-left[name], name))[:_WORST]
        if not worst:
            return []
        kept = [name for name in self._worst if left.get(name, 0) * _MUCH_WORSE >= left[worst[0]]]
        return [*kept, *(name for name in worst if name not in kept)][:_WORST]

    def _as_reading(self, name: bytes) -> MemberReading:
        member = self._members[name]
        return MemberReading(printable(name[:_NAME_LENGTH]), member.backlog, member.since)


def _name(group: Mapping[str, Any]) -> str:
    name = group.get("name")
    return printable(name) if isinstance(name, bytes) else ""


def _follow(group: Mapping[str, Any], member: _StreamMember) -> GroupReading:
    """Describe a group by what XINFO GROUPS says.

    What looking into it has told before is taken along as far as that still can be.
    """
    name = _name(group)
    before = member.groups.get(name) or GroupReading(name, None, LagMethod.ESTIMATE, 0, 0)
    told, pending = count(group.get("lag")), count(group.get("pending")) or 0
    if told is not None and not (told == member.told.get(name) and before.lag is not None):
        # It moved: of what was trimmed away since, looking into it will tell.
        before = replace(before, lag=told, lag_method=LagMethod.EXACT, capped=False)
    return replace(
        before,
        pending=pending,
        consumers=count(group.get("consumers")) or 0,
        oldest_undelivered=None if before.lag == 0 else before.oldest_undelivered,
        oldest_pending=before.oldest_pending if pending else None,
        stuck=min(before.stuck, pending) if before.stuck is not None else None,
    )


def _totals(groups: Sequence[Mapping[str, Any]]) -> tuple[float | None, float | None]:
    """Entries ever added, and those acknowledged by the only group; None where that is not told."""
    given, lag = count(groups[0].get("entries-read")), count(groups[0].get("lag"))
    added = None if given is None or lag is None else float(given + lag)
    return added, acknowledged_by(groups[0]) if len(groups) == 1 else None


def _growth(before: float | None, value: float) -> float:
    """By how much a counter has grown, from 0 where it began anew; 0 where it was not known before."""
    if before is None:
        return 0.0
    return value - before if value >= before else value


def _together(members: Iterable[_StreamMember]) -> Sequence[GroupReading]:
    """The groups of all members by their names; of very many names those that most members have."""
    by_name: dict[str, list[GroupReading]] = defaultdict(list)
    for member in members:
        for name, group in member.groups.items():
            by_name[name].append(group)
    names = sorted(by_name, key=lambda name: (-len(by_name[name]), name))
    if len(names) > MAX_GROUPS:
        rest = [group for name in names[MAX_GROUPS - 1 :] for group in by_name[name]]
        return [*(_sum(name, by_name[name]) for name in names[: MAX_GROUPS - 1]), _sum(_OTHER_GROUPS, rest)]
    return [_sum(name, by_name[name]) for name in names]


def _sum(name: str, groups: Sequence[GroupReading]) -> GroupReading:
    worst = max(groups, key=lambda group: group.lag or 0)
    idle = [group.idle_seconds for group in groups if group.idle_seconds is not None and not _is_done(group)]
    stuck = [group.stuck for group in groups if group.stuck is not None]
    return GroupReading(
        name=name,
        lag=worst.lag,
        lag_method=worst.lag_method,
        capped=worst.capped,
        pending=sum(group.pending for group in groups),
        consumers=sum(group.consumers for group in groups),
        oldest_undelivered=min(
            (one.oldest_undelivered for one in groups if one.oldest_undelivered), default=None
        ),
        oldest_pending=min((one.oldest_pending for one in groups if one.oldest_pending), default=None),
        stuck=sum(stuck) if stuck else None,
        idle_seconds=max(idle, default=None),
    )


def _is_done(group: GroupReading) -> bool:
    return group.lag == 0 and not group.pending
