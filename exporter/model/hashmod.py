"""`hashmod`: which of several parts a text belongs to, as Prometheus' relabelling has it.

Source: `case HashMod` of model/relabel/relabel.go of github.com/prometheus/prometheus. It must stay as it is:
what is where would change with it, in every fleet.
"""

import hashlib


def hashmod(text: str, modulus: int) -> int:
    """Return the number of the part, from 0: the last eight bytes of the text's MD5, big-endian, modulo."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "big") % modulus
