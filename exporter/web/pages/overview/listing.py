"""The table of servers: filtered, sorted, and cut to what somebody can read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.web.pages.address import Address, PageError
from exporter.web.pages.overview.server_filter import FilterError, ServerFilter
from exporter.web.pages.overview.servers import Server, natural_order
from exporter.web.pages.overview.topology import GroupKind, ServerGroup

MOST_ROWS: Final = 75
"""So many rows, of 1.6 kB each, are shown at once; with more than `LARGE` servers what is well is one row."""
LARGE: Final = 100

_MOST_OF_CLOSED: Final = 12
_NUMBERS: Final = ("memory", "share", "commands", "hit_rate", "latency", "clients", "lag")
SORTS: Final = ("server", "role", "version", *_NUMBERS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the query string asks for; `error` says what is wrong with the filter."""

    text: str
    filter: ServerFilter
    error: str
    only_problems: bool
    sort: str
    grouping: str
    opened: frozenset[str]
    skip: int

    @classmethod
    def read(cls, address: Address) -> "Wanted":
        """Read the parameters; raises `PageError`."""
        text, error, found = address.text("filter"), "", ServerFilter()
        try:
            found = ServerFilter.parse(text)
        except FilterError as problem:
            error = str(problem)
        sort = address.text("sort")
        if sort and sort.removeprefix("-") not in SORTS:
            raise PageError(
                400, f"The parameter sort is one of {', '.join(SORTS)}, with - for the largest first."
            )
        skip = address.text("skip", "0")
        if not (skip.isascii() and skip.isdecimal() and len(skip) < 9):
            raise PageError(400, "The parameter skip is a whole number.")
        return cls(
            text,
            found,
            error,
            address.flag("problems"),
            sort,
            address.text("group"),
            frozenset(address.texts("open")),
            int(skip),
        )

    @property
    def is_flat(self) -> bool:
        """Whether rows stand in one order, whatever they belong to."""
        return self.grouping == "nothing" or bool(self.sort and not self.grouping)

    def fits(self, server: Server) -> bool:
        """Whether a server is to be shown."""
        return self.filter.fits(server) and not (self.only_problems and server.is_well)


@dataclass(frozen=True, slots=True)
class Block:
    """A group in the table: its rows, and how many are left out.

    `is_closed`: it is one row, `members` tell what stands there. `group` is None for rows without one.
    """

    group: ServerGroup | None
    members: Sequence[Server]
    rows: Sequence[Server] = ()
    is_closed: bool = False
    has_more: int = 0

    @property
    def rank(self) -> int:
        """0 for the one with the worst server."""
        return min((server.rank for server in self.members), default=len(SORTS))

    @property
    def in_need(self) -> int:
        """How many of its servers somebody has to look at."""
        return sum(not server.is_well for server in self.members)


@dataclass(frozen=True, slots=True)
class Table:
    """The blocks, how many servers fit, and how many of them are not in any block.

    `next_skip` is where the rest begins in a list without groups.
    """

    blocks: Sequence[Block]
    fitting: int
    left_out: int
    left_out_groups: int = 0
    next_skip: int = MOST_ROWS

    @property
    def rows(self) -> Sequence[Server]:
        """Every server that has a row of its own."""
        return [server for block in self.blocks for server in block.rows]


def list_servers(wanted: Wanted, groups: Sequence[tuple[ServerGroup, Sequence[Server]]]) -> Table:
    """Return what is shown."""
    fitting = [(group, [one for one in servers if wanted.fits(one)]) for group, servers in groups]
    count = sum(len(servers) for _, servers in fitting)
    if wanted.is_flat:
        return _flat(wanted, [server for _, servers in fitting for server in servers], count)
    blocks = [Block(group, _sorted(wanted.sort, servers)) for group, servers in fitting if servers]
    blocks.sort(key=_order_of)
    return _cut(wanted, blocks, count)


def _flat(wanted: Wanted, servers: Sequence[Server], count: int) -> Table:
    ordered = _sorted(wanted.sort, servers) if wanted.sort else sorted(servers, key=_worst)
    rows = ordered[wanted.skip : wanted.skip + MOST_ROWS]
    end = wanted.skip + len(rows)
    return Table([Block(None, rows, rows)], count, max(0, count - end), next_skip=end)


def _cut(wanted: Wanted, blocks: Sequence[Block], count: int) -> Table:
    """Show what is in trouble and what was opened, as long as there is room."""
    is_large = count > LARGE
    room, shown = MOST_ROWS, list[Block]()
    for number, block in enumerate(blocks):
        is_open = not is_large or (block.group is not None and block.group.key in wanted.opened)
        if not room:
            rest = blocks[number:]
            return Table(shown, count, sum(len(one.members) for one in rest), len(rest))
        if not is_open and block.in_need == 0:
            room -= 1
            shown.append(Block(block.group, block.members, is_closed=True))
            continue
        most = room if is_open else min(room, max(block.in_need, _MOST_OF_CLOSED))
        rows = _rows(wanted, block, most, is_open)
        room -= len(rows)
        shown.append(Block(block.group, block.members, rows, has_more=len(block.members) - len(rows)))
    return Table(shown, count, 0)


def _rows(wanted: Wanted, block: Block, most: int, is_open: bool) -> Sequence[Server]:
    members = block.members
    if len(members) <= most:
        return members
    if is_open or wanted.sort:
        return members[:most]
    in_need = [one for one in members if not one.is_well][:most]
    return in_need if block.group is not None and block.group.kind is GroupKind.ALONE else members[:most]


def _sorted(sort: str, servers: Sequence[Server]) -> Sequence[Server]:
    if not sort:
        return servers
    name, is_descending = sort.removeprefix("-"), sort.startswith("-")
    known = [one for one in servers if _value(one, name) not in (None, "")]
    unknown = [one for one in servers if _value(one, name) in (None, "")]
    known.sort(key=lambda one: natural_order(one.instance))
    known.sort(key=lambda one: _value(one, name), reverse=is_descending)
    return [*known, *unknown]


def _value(server: Server, name: str) -> Any:
    if name in _NUMBERS:
        return getattr(server.figures, name)
    return {"server": natural_order(server.instance), "role": server.role, "version": server.version}[name]


def _worst(server: Server) -> tuple[int, Any]:
    return server.rank, natural_order(server.instance)


def _order_of(block: Block) -> tuple[int, bool, Any]:
    """The group in trouble first, those on their own last."""
    group = block.group
    is_alone = group is None or group.kind is GroupKind.ALONE
    return (min(block.rank, 3), is_alone, natural_order("" if group is None else group.name))
