"""Clients and network."""

from tools.dashboards.panels import About, PanelBuilder, Query, graph
from tools.dashboards.selectors import best, of, rate_of

_DOWN = "The server does not answer"
_NO_LIST = "Nobody is listed: the sampler clients is off, or there are too many clients"


def panels() -> list[PanelBuilder]:
    """All of the row."""
    return [_clients(), _connections(), _network(), _by_name(), _buffers(), _by_idle()]


def _clients() -> PanelBuilder:
    text = (
        "Connections, and those that wait in a blocking command. Normal: steady, far below max. A steady "
        "rise is a leak; many blocked ones are workers without work, which is fine."
    )
    return graph(
        About("Clients", "short", text, _DOWN),
        Query(best(of("redis_connected_clients")), "{{instance}} connected"),
        Query(best(of("redis_blocked_clients")), "{{instance}} blocked"),
        Query(best(of("redis_max_clients")), "{{instance}} max"),
        width=8,
    )


def _connections() -> PanelBuilder:
    text = (
        "New connections per second, and refused ones. Normal: few; many new ones come from clients "
        "without a pool. Refused: maxclients is reached."
    )
    return graph(
        About("New connections", "cps", text, _DOWN),
        Query(best(rate_of("redis_connections_received_total")), "{{instance}} new"),
        Query(best(rate_of("redis_rejected_connections_total")), "{{instance}} refused"),
        width=8,
    )


def _network() -> PanelBuilder:
    text = "Bytes per second. Normal: far below what the network can do. Much output: look for huge replies."
    return graph(
        About("Network", "binBps", text, _DOWN),
        Query(best(rate_of("redis_net_input_bytes_total")), "{{instance}} in"),
        Query(best(rate_of("redis_net_output_bytes_total")), "{{instance}} out"),
        width=8,
    )


def _by_name() -> PanelBuilder:
    text = (
        "Connections by the name that the client has given itself. Normal: as many as each service's pools."
    )
    return graph(
        About("Clients by name", "short", text, _NO_LIST),
        Query(best(of("redis_clients_by_name"), "name"), "{{instance}} {{name}}"),
        width=8,
        stacked=True,
    )


def _buffers() -> PanelBuilder:
    text = (
        "Memory of the clients' buffers. Normal: kilobytes per client. Otherwise: a client reads too "
        "slowly or asks for too much; `CLIENT LIST` shows which (omem, qbuf)."
    )
    return graph(
        About("Buffers of clients", "bytes", text, _NO_LIST),
        Query(best(of("redis_clients_output_buffer_bytes")), "{{instance}} output"),
        Query(best(of("redis_clients_query_buffer_bytes")), "{{instance}} query"),
        Query(best(of("redis_clients_output_buffer_max_bytes")), "{{instance}} largest output"),
        width=8,
    )


def _by_idle() -> PanelBuilder:
    text = "Connections by how long they have been idle. Normal: few idle for hours; those are leaks."
    return graph(
        About("Clients by idle time", "short", text, _NO_LIST),
        Query(best(of("redis_clients_by_idle"), "idle"), "{{instance}} {{idle}}"),
        width=8,
        stacked=True,
    )
