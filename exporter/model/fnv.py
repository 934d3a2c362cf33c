"""The hash by which Prometheus and Alertmanager identify label sets."""

from typing import Final

_OFFSET_BASIS: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3
_MASK: Final = 0xFFFFFFFFFFFFFFFF


def fnv1a_64(data: bytes) -> int:
    """The 64-bit FNV-1a hash of some bytes. Source: draft-eastlake-fnv, section 4."""
    digest = _OFFSET_BASIS
    for byte in data:
        digest = ((digest ^ byte) * _PRIME) & _MASK
    return digest
