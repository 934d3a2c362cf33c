"""Looks records up in DNS: SRV, A and AAAA, by the machine's resolv.conf or by name servers of one's own.

What follows from which answer is as in Prometheus' discovery/dns/dns.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.config.addresses import parse_place
from exporter.errors import DiscoveryError, Reason

DEADLINE_SECONDS: Final = 10.0
"""How long all name servers together may take over one name."""

RESOLV_CONF: Final = "/etc/resolv.conf"
_PORT: Final = 53
# One that does not answer is not waited for longer before the next is asked.
_TRY_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """One record: a host's name or address, and the port that an SRV record tells, else 0."""

    host: str
    port: int = 0


def look_up_records(
    name: str, kind: str, nameservers: Sequence[str] = (), resolv_conf: str = RESOLV_CONF
) -> Sequence[Record] | None:
    """Return the records of a name, sorted; None where there is no such name, and all who were asked say so.

    Takes up to `DEADLINE_SECONDS`: call it in a thread. Raises `DiscoveryError`.
    """
    # Here alone: who discovers nothing by DNS is not to wait for it at the start.
    import dns.exception
    import dns.resolver

    try:
        resolver = _resolver(nameservers, resolv_conf)
        answer = resolver.resolve(name, kind, search=True, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return None
    except dns.resolver.NoResolverConfiguration:
        raise DiscoveryError(f"{resolv_conf} names no name server", Reason.UNREACHABLE) from None
    except dns.resolver.NoNameservers as error:
        raise DiscoveryError(f"{name}: {_answers(error)}", Reason.UNREACHABLE) from None
    except dns.exception.Timeout:
        raise DiscoveryError(f"{name}: no name server answers in time", Reason.TIMEOUT) from None
    except (dns.exception.DNSException, OSError, ValueError) as error:
        text = f"{name}: the answer cannot be read ({type(error).__name__})"
        raise DiscoveryError(text, Reason.PROTOCOL) from None
    return sorted({_record(data, kind) for data in answer.rrset or ()})


def _resolver(nameservers: Sequence[str], resolv_conf: str) -> Any:
    """A resolver for one question; resolv.conf may have changed since the last."""
    import dns.nameserver
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=False)
    if nameservers:
        places = [parse_place(text) for text in nameservers]
        resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port or _PORT) for host, port in places]
    else:
        resolver.read_resolv_conf(resolv_conf)
    resolver.timeout = min(resolver.timeout, _TRY_SECONDS)
    resolver.lifetime = DEADLINE_SECONDS
    return resolver


def _record(data: Any, kind: str) -> Record:
    if kind == "SRV":
        return Record(str(data.target.to_text()), int(data.port))
    return Record(str(data.address))


def _answers(error: Any) -> str:
    """What the name servers said instead, such as SERVFAIL."""
    said = [str(text) for _, _, _, text, _ in error.kwargs.get("errors", ())]
    shown = ", ".join(
        dict.fromkeys(text.replace("The DNS operation timed out.", "no answer") for text in said)
    )
    return f"no name server has an answer ({shown[:200] or 'none could be asked'})"
