"""redis-vigil: samples Redis servers, exposes Prometheus metrics, evaluates alert rules, notifies people."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("redis-vigil")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"
