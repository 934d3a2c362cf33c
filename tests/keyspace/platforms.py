"""Names of keys as real applications make them, and the patterns that a person would see in them."""

import string
import uuid
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

_TEXT: Final = """
apple river stone cloud green light paper table music ocean silver winter garden bridge forest
candle dragon engine flower guitar hammer island jungle kitten ladder market number orange pencil
quartz rabbit school tunnel umbrella violin window yellow zebra anchor basket copper desert elbow
falcon gravel helmet insect jacket kernel lemon mirror needle oyster pirate quiver ribbon saddle
timber urchin velvet walrus
"""
_WORDS: Final = tuple(_TEXT.split())
_BASE62: Final = string.ascii_letters + string.digits


def hexadecimal(random: Random, digits: int) -> str:
    return f"{random.getrandbits(4 * digits):0{digits}x}"


def base62(random: Random, size: int) -> str:
    return "".join(random.choices(_BASE62, k=size))


def nano_id(random: Random) -> str:
    return "".join(random.choices(_BASE62 + "_-", k=21))


def slug(random: Random) -> str:
    return "-".join(random.choices(_WORDS, k=random.randint(2, 5)))


def date(random: Random) -> str:
    return f"20{random.randint(20, 29)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"


def address(random: Random) -> str:
    return ".".join(str(random.randint(1, 254)) for _ in range(4))


def mail(random: Random, number: int) -> str:
    return f"{random.choice(_WORDS)}.{random.choice(_WORDS)}{number}@{random.choice(_WORDS)}.example.com"


def ulid(random: Random) -> str:
    return "01" + "".join(random.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=24))


def number(random: Random) -> int:
    return random.randint(1, 10**7)


def unique_uuid(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


Maker = Callable[[Random, int], str]

# By the pattern that is to be found.
SHAPES: Final[Mapping[str, Maker]] = {
    "resume:cache:*:*:*": lambda r, i: f"resume:cache:{number(r)}:{i}:{r.randint(1, 9)}",
    "keywords:*:*": lambda r, i: f"keywords:{i}:{hexadecimal(r, 32)}",
    "ratelimit:sliding:api:*": lambda r, i: f"ratelimit:sliding:api:{i}",
    "ratelimit:sliding:auth:*": lambda r, i: f"ratelimit:sliding:auth:{i}",
    "metrics:unique:views:*": lambda r, i: f"metrics:unique:views:{date(r)}-{i}",
    "metrics:unique:signups:*": lambda r, i: f"metrics:unique:signups:{date(r)}-{i}",
    "llm:response:*": lambda r, i: f"llm:response:{hexadecimal(r, 16)}",
    "sess:*": lambda r, i: f"sess:{base62(r, 32)}",
    "presence:socket:*": lambda r, i: f"presence:socket:{nano_id(r)}",
    "rl:llm:*": lambda r, i: f"rl:llm:{address(r)}",
    "cache:user:*": lambda r, i: f"cache:user:{i}",
    "session:upload:*": lambda r, i: f"session:upload:{unique_uuid(r)}",
    "lock:royalty-run:*": lambda r, i: f"lock:royalty-run:{i}",
    "tracks:audio:*": lambda r, i: f"tracks:audio:{ulid(r)}",
    "cache:l1:{*}": lambda r, i: f"cache:l1:{{{hexadecimal(r, 12)}}}",
    "feature.flag.*": lambda r, i: f"feature.flag.{r.choice(_WORDS)}_{r.choice(_WORDS)}_{_letters(i)}",
    "article:*:views": lambda r, i: f"article:{slug(r)}-{_letters(i)}:views",
    "article:*:likes": lambda r, i: f"article:{slug(r)}-{_letters(i)}:likes",
    "by-mail:*": lambda r, i: f"by-mail:{mail(r, i)}",
    "cache_page_*": lambda r, i: f"cache_page_{i}",
    "*:user": lambda r, i: f"{i}:user",
    "*:profile": lambda r, i: f"{unique_uuid(r)}:profile",
    "{*}.cart": lambda r, i: f"{{{i}}}.cart",
    "report/daily/*.json": lambda r, i: f"report/daily/{i}.json",
    "app|queue|*": lambda r, i: f"app|queue|{i}",
}


def _letters(index: int) -> str:
    """A number without digits, so that nothing but the number of siblings tells that it is one."""
    text = ""
    while True:
        index, rest = divmod(index, 26)
        text = chr(ord("a") + rest) + text
        if index == 0:
            return text


def make_names(counts: Mapping[str, int], seed: int = 0) -> dict[str, list[bytes]]:
    """For each pattern so many different names."""
    random = Random(seed)
    made: dict[str, list[bytes]] = {}
    for pattern, count in counts.items():
        names: dict[bytes, None] = {}
        index = 0
        while len(names) < count:
            names[SHAPES[pattern](random, index).encode()] = None
            index += 1
        made[pattern] = list(names)
    return made
