"""Addresses of servers that announce themselves under others are mapped to those that can be reached."""

from collections.abc import Iterable, Mapping

from exporter.config.addresses import Place, parse_place


class AddressMap:
    """From announced to reachable addresses."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._places = {parse_place(key): parse_place(value) for key, value in addresses.items()}

    def find(self, hosts: Iterable[str], port: int) -> Place | None:
        """Return the address of a server that is known by any of these hosts and this port.

        None where nothing is configured for it. An entry with the port goes before one without.
        """
        names = [host.lower() for host in hosts if host]
        for wanted in (port, 0):
            for name in names:
                place = self._places.get((name, wanted))
                if place is not None:
                    return place[0], place[1] or port
        return None
