"""Which server a request may ask for: a configured one, or one that `web.probe_allow` matches."""

from collections.abc import Iterable, Sequence

from exporter.config.url import parse_server_url
from exporter.model.regex import compile_regex
from exporter.model.target import Address, Target
from exporter.samplers.runner import TargetRunner


class ProbeError(Exception):
    """A request that is not carried out: the HTTP status and what is wrong."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def find_target(
    text: str, runners: Iterable[TargetRunner], allow: Sequence[str]
) -> tuple[TargetRunner | None, Target]:
    """The configured server that a name or a URL means, or one that may be asked without credentials.

    `allow` are regular expressions for `host:port`. Raises `ProbeError`.
    """
    if not text:
        raise ProbeError(400, "'target' parameter must be specified")
    runners = list(runners)
    for runner in runners:
        if runner.target.instance == text:
            return runner, runner.target
    try:
        address = parse_server_url(text).address
    except ValueError as error:
        raise ProbeError(400, f"Invalid 'target' parameter: {error}") from None
    for runner in runners:
        if runner.target.address.instance.lower() == address.instance.lower():
            return runner, runner.target
    if not address.path and any(compile_regex(pattern).matches(address.instance) for pattern in allow):
        return None, Target(address.instance, address)
    raise ProbeError(403, _not_allowed(address))


def _not_allowed(address: Address) -> str:
    return f"{address} is not a configured target, and web.probe_allow does not match {address.instance}"
