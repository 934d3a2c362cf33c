"""Keyspaces of whole applications, with the patterns that a person would write for them.

A family of keys is a template: `<part>` stands for something that is made anew for each key (see `_PARTS`),
or for one of the words of that name (see `WORDS`).
"""

import re
import string
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

WORDS: Final[Mapping[str, Sequence[str]]] = {
    name: text.split("|")
    for name, text in {
        "company": "acme|globex|initech|umbrella|hooli|stark|wayne|cyberdyne|soylent|wonka|oscorp|tyrell"
        "|aperture|massive-dynamic|blue-sun|dunder-mifflin|pied-piper|sterling-cooper|vandelay|monarch",
        "suffix": "|-inc|-corp|_labs|-gmbh|2|-eu|-us-east|.io|-holding|_test",
        "first": "anna|ben|carla|david|eva|frank|gina|hans|ida|jan|kim|lea|max|nina|otto|paula|zoë"
        "|søren|李|мария",
        "last": "schmidt|meyer|garcia|smith|jones|lopez|tanaka|ivanov|o'neill|van der berg|müller|de la cruz",
        "word": "summer|red|winter|dress|shoe|boot|deluxe|leather|black|mini|max|ultra|pro|book|guide|how|to"
        "|cook|the|best|pasta|for|men|women|sale|new",
        "artist": "The Beatles|The Doors|Led Zeppelin|Björk|AC/DC|Sigur Rós|Daft Punk|The Who|Guns N' Roses"
        "|Röyksopp|Pink Floyd|Iron Maiden|The Kinks|Portishead",
        "song": "Come Together|Black Dog|Hey Jude|Human Behaviour|The End|One More Time|My Generation|Time"
        "|Lola|Money|Glory Box|Black Star|Light My Fire|Kashmir|Army of Me",
        "city": "Berlin|New York|São Paulo|München|Paris|Rome|Oslo|Kyoto|Cairo|Lagos|Lima|Quito|Delhi|Accra"
        "|Port-au-Prince|Saint-Étienne|Las Vegas|Santa Cruz de Tenerife",
        "tenant": "acme-inc|globex-corp|initech-labs|umbrella-eu|hooli-us|stark-gmbh|wayne-asia|soylent-uk"
        "|wonka-ch|oscorp-fr|tyrell-de|aperture-it|dunder-se|cyberdyne-mx",
        "object": "order|invoice|user|product|price",
        "tld": "com|org|co.uk|de|io",
        "lang": "en|de|fr|it|es",
        "locale": "en-us|de|fr|it|es|pt-br|zh-CN|ja|ru|pl|nl|sv|tr|ko|cs",
        "status": "pending|paid|shipped|cancelled",
        "network": "fb|tw|ig",
        "month": "jan|feb|mar",
        "env": "prod|staging|dev",
        "region": "eu|us|ap",
        "service": "orders|users|billing|carts|search|mail",
        "field": "name|email|avatar|last_login|created_at",
        "metric": "cpu|mem|net|disk",
        "kind": "cart|lock|price|quota|rates|menu|badge|draft|coupon|stock|feed|digest|plan|rank|score|vote",
    }.items()
}

_PART: Final = re.compile(r"<(\w+)(?::(\d+)(?:-(\d+))?)?>")


def _some(random: Random, alphabet: str, size: int) -> str:
    return "".join(random.choices(alphabet, k=size))


_PARTS: Final[Mapping[str, Callable[[Random, int], str]]] = {
    "n": lambda r, below: str(r.randrange(below)),
    "hex": lambda r, size: _some(r, "0123456789abcdef", size),
    "alnum": lambda r, size: _some(r, string.ascii_lowercase + string.digits, size),
    "base62": lambda r, size: _some(r, string.ascii_letters + string.digits, size),
    "base64": lambda r, size: _some(r, string.ascii_letters + string.digits + "+/", size),
    "nanoid": lambda r, size: _some(r, string.ascii_letters + string.digits + "-_", size),
    "lower": lambda r, size: _some(r, string.ascii_lowercase, size),
    "upper": lambda r, size: _some(r, string.ascii_uppercase, size),
    "slug": lambda r, size: "-".join(r.choices(WORDS["word"], k=size)),
    "title": lambda r, size: " ".join(word.capitalize() for word in r.choices(WORDS["word"], k=size)),
    "uuid": lambda r, _: str(uuid.UUID(int=r.getrandbits(128), version=4)),
    "ip": lambda r, _: ".".join(str(r.randrange(256)) for _ in range(4)),
    "date": lambda r, _: f"2026-{r.randint(1, 12):02}-{r.randint(1, 28):02}",
    "email": lambda r, _: f"{r.choice(WORDS['first'][:16])}.{r.randrange(999)}@example.com",
}


@dataclass(frozen=True, slots=True)
class Family:
    """So many keys made from a template.

    `expected` is their pattern; the parts in it are what they are in the name.
    """

    template: str
    keys: int
    expected: str

    def make(self, random: Random) -> dict[bytes, str]:
        """Different names with their patterns: fewer than `keys` where there are no more."""
        made = {}
        for _ in range(self.keys):
            words: dict[str, str] = {}
            name = _PART.sub(partial(_fill, random, words), self.template)
            made[name.encode()] = _PART.sub(partial(_repeat, words), self.expected)
        return made


def _fill(random: Random, words: dict[str, str], part: "re.Match[str]") -> str:
    """What stands for a part; `words` takes in the last one of each kind."""
    words[part[1]] = made = _make(part, random)
    return made


def _repeat(words: Mapping[str, str], part: "re.Match[str]") -> str:
    return words[part[1]]


def _make(part: "re.Match[str]", random: Random) -> str:
    kind, low, high = part.groups()
    if kind in WORDS:
        return random.choice(WORDS[kind])
    size = random.randint(int(low), int(high)) if high else int(low or 0)
    return _PARTS[kind](random, size)


def make_application(families: Sequence[Family], seed: int) -> tuple[list[bytes], dict[str, int]]:
    """The names in an order of chance, and how many keys each pattern has."""
    random = Random(seed)
    names: dict[bytes, str] = {}
    for family in families:
        names |= family.make(random)
    shuffled = list(names)
    random.shuffle(shuffled)
    counts: dict[str, int] = {}
    for expected in names.values():
        counts[expected] = counts.get(expected, 0) + 1
    return shuffled, counts


def _families(*rows: tuple[str, int, str]) -> tuple[Family, ...]:
    return tuple(Family(*row) for row in rows)


APPLICATIONS: Final[Mapping[str, Sequence[Family]]] = {
    "saas": _families(
        ("tenant:<company><suffix>:user:<n:100000>:profile", 3000, "tenant:*:user:*:profile"),
        ("tenant:<company><suffix>:settings", 2000, "tenant:*:settings"),
        ("<company><suffix>:cart:<uuid>", 3000, "*:cart:*"),
        ("<company><suffix>/feature-flags", 2000, "*/feature-flags"),
        ("rl:<company><suffix>:<ip>:<n:1000000>", 3000, "rl:*:*:*"),
        ("invite:<email>", 1500, "invite:*"),
        ("{<company><suffix>}:quota", 2000, "{*}:quota"),
    ),
    "wordpress": _families(
        ("wp_:userslugs:<first>-<last>-<n:99>", 1500, "wp_:userslugs:*"),
        ("wp_:userlogins:<first><n:999>", 1500, "wp_:userlogins:*"),
        ("wp_:useremail:<email>", 1500, "wp_:useremail:*"),
        ("wp_:posts:<n:100000>", 2500, "wp_:posts:*"),
        ("wp_:post_meta:<n:100000>", 2500, "wp_:post_meta:*"),
        ("wp_:terms:<n:3000>", 900, "wp_:terms:*"),
        ("wp_:transient:feed_<hex:32>", 300, "wp_:transient:feed_*"),
        ("wp_:site-transient:theme_roots", 1, "wp_:site-transient:theme_roots"),
        ("wp_:page:/<slug:2-5>/", 2000, "wp_:page:/*/"),
    ),
    "django": _families(
        (
            ":1:views.decorators.cache.cache_page..GET.<hex:32>.<hex:32>.<locale>.UTC",
            3000,
            ":*:views.decorators.cache.cache_page..GET.*.UTC",
        ),
        (
            ":1:views.decorators.cache.cache_header..<hex:32>.<locale>.UTC",
            1000,
            ":*:views.decorators.cache.cache_header..*.UTC",
        ),
        (":1:django.contrib.sessions.cache<alnum:32>", 2000, ":*:django.contrib.sessions.cache*"),
        (":1:template.cache.sidebar.<hex:32>", 500, ":*:template.cache.sidebar.*"),
        (":1:user_<n:100000>_permissions", 800, ":*:user_*_permissions"),
    ),
    "rails": _families(
        ("views/products/<n:100000>-<n:1000000000>/<hex:32>", 1500, "views/products/*/*"),
        ("cache:<env>:Product/<n:9000>", 1500, "cache:<env>:Product/*"),
        ("_session_id:2::<hex:64>", 1500, "_session_id:*::*"),
        ("rack::attack:<n:30000000>:req/ip:<ip>", 1500, "rack::attack:*:req/ip:*"),
        ("stat:processed:<date>", 200, "stat:processed:*"),
        ("stat:failed:<date>", 200, "stat:failed:*"),
    ),
    "laravel": _families(
        ("laravel_database_laravel_cache_:<hex:40>", 1500, "laravel_database_laravel_cache_:*"),
        ("laravel_database_queues:default", 1, "laravel_database_queues:default"),
        ("laravel_cache:spatie.permission.cache", 1, "laravel_cache:*"),
        ("laravel_cache:<base62:40>", 1500, "laravel_cache:*"),
        ("laravel_unique_job:App\\Jobs\\Sync:<n:90000>", 500, "laravel_unique_job:App\\Jobs\\Sync:*"),
    ),
    "spring": _families(
        ("spring:session:sessions:<uuid>", 1500, "spring:session:sessions:*"),
        ("spring:session:sessions:expires:<uuid>", 1500, "spring:session:sessions:expires:*"),
        ("spring:session:expirations:<n:1900000000000>", 300, "spring:session:expirations:*"),
        (
            "spring:session:index:org.springframework.session.FindByIndexNameSessionRepository"
            ".PRINCIPAL_NAME_INDEX_NAME:<first>.<last>",
            800,
            "spring:session:index:org.springframework.session.FindByIndexNameSessionRepository"
            ".PRINCIPAL_NAME_INDEX_NAME:*",
        ),
        ("userCache::<first><n:500>", 800, "userCache::*"),
        ("rateCache::<ip>", 800, "rateCache::*"),
    ),
    "shop": _families(
        ("product:<slug:3-6>", 2500, "product:*"),
        ("product:<slug:2-4>:stock", 2500, "product:*:stock"),
        ("page:/blog/<slug:3-7>?utm=<network>", 2500, "page:/blog/*"),
        ("search:<slug:1-4>", 2500, "search:*"),
        ("q:<title:1-5>", 2500, "q:*"),
        ("order:<status>:<n:1000000>", 2000, "order:<status>:*"),
        ("cart_<alnum:20>", 1500, "cart_*"),
        ("thumb/<slug:2-5>.jpg", 1500, "thumb/*.jpg"),
    ),
    "analytics": _families(
        ("stats.<slug:2-3>.hits", 2000, "stats.*.hits"),
        ("stats.<slug:2-3>.miss", 2000, "stats.*.miss"),
        ("pv:<date>:/<slug:1-4>", 3000, "pv:*:/*"),
        ("uniq:<date>", 300, "uniq:*"),
        ("funnel:<n:40>:<date>", 2000, "funnel:*:*"),
        ("hll_<month>_<n:100000>", 1500, "hll_<month>_*"),
    ),
    "flags": _families(
        ("feature.flag.<slug:2-3>", 400, "feature.flag.*"),
        ("flags:<env>:<n:500>", 600, "flags:<env>:*"),
        ("experiment-<slug:2-3>-<n:30>", 900, "experiment-*"),
        ("rollout:<first> <last>", 300, "rollout:*"),
    ),
    "music": _families(
        ("artist:<artist>", 800, "artist:*"),
        ("song:<first> - <song>", 1500, "song:*"),
        ("lyrics:<song> (<n:2030>)", 1500, "lyrics:*"),
        ("album:<title:2-5>:tracks", 1500, "album:*:tracks"),
        ("playlist:<first>'s <title:1-3>", 1500, "playlist:*"),
    ),
    "clinic": _families(
        ("patient:<first> <last> <n:90>:labs", 1500, "patient:*:labs"),
        ("patient:<first> <last> <n:90>:visits", 1500, "patient:*:visits"),
        ("dr:<first>.<last>", 900, "dr:*"),
        ("icd10:<upper:1><n:99>.<n:9>", 900, "icd10:*"),
        ("appointment:<date>:<n:100>", 1500, "appointment:*:*"),
    ),
    "geo": _families(
        ("geo:<city>:drivers", 500, "geo:*:drivers"),
        ("geo:<city>:riders", 500, "geo:*:riders"),
        ("weather:<city>", 500, "weather:*"),
        ("tile:<n:18>/<n:9999>/<n:9999>", 2000, "tile:*/*/*"),
        ("geohash:<alnum:7>", 1500, "geohash:*"),
    ),
    "root": _families(
        ("UserProfile<n:100000>", 1500, "UserProfile*"),
        ("u<n:1000000>", 1500, "u*"),
        ("user name <first> <last> <n:1000>", 2000, "user name *"),
        ("@<first><n:3000>", 2500, "@*"),
        ("sess_<alnum:26>", 2000, "sess_*"),
        ("<uuid>", 1500, "*"),
        ("OrderItem#<n:90000>", 900, "OrderItem#*"),
        ("~tmp<n:90000>", 900, "~tmp*"),
        ("#<lower:4-9>", 900, "#*"),
    ),
    "words before names": _families(
        ("order of <first> <last> <n:1000>", 2500, "order of *"),
        ("Mail To <first>.<last><n:100>", 2000, "Mail To *"),
        ("inbox_<first>_<last>", 2000, "inbox_*"),
        ("~<first><n:1000>", 2000, "~*"),
        ("$<first>_<last>", 1500, "$*"),
        ("!<network><first><n:1000>", 1500, "!*"),
        ("k-<nanoid:22>", 2000, "k-*"),
    ),
    "words glued to ids": _families(
        ("Token<hex:32>", 1500, "Token*"),
        ("visitor<hex:40>", 1500, "visitor*"),
        ("g:cache<hex:64>:x", 1500, "g:cache*:x"),
        ("h:<base62:22>", 1500, "h:*"),
        ("<hex:32>", 1500, "*"),
    ),
    "random texts": _families(
        ("<nanoid:22>", 15_000, "*"),
        ("<alnum:5>", 1500, "*"),
        ("nano:<nanoid:21>:x", 9000, "nano:*:x"),
        ("n:<nanoid:21>", 9000, "n:*"),
        ("<uuid>:meta", 900, "*:meta"),
    ),
    "hosts": _families(
        ("site:www.<company>.<tld>:page:<n:100000>", 3000, "site:*:page:*"),
        ("site:<company><suffix>.<tld>:cert", 1200, "site:*:cert"),
        ("visits:<region>.<company>.<tld>:<date>", 3000, "visits:*:*"),
        ("<region>.<company>.<tld>:cart:<uuid>", 3000, "*:cart:*"),
        ("plan:<company>.<tld>", 900, "plan:*"),
        ("web/<region>.<company>.<tld>/users/<n:9000>", 3000, "web/*/users/*"),
        ("com.example.app.<kind>:<n:9000>", 1500, "com.example.app.<kind>:*"),
    ),
    "few tenants": _families(
        ("<tenant>:<object>:<n:100000>", 8000, "*:<object>:*"),
        ("<tenant>.settings", 14, "*.settings"),
        ("<tenant>:locks", 90, "*:locks"),
        ("lock:<tenant>:<object>", 1000, "lock:*:<object>"),
    ),
    "unicode": _families(
        ("用户:<n:100000>", 1500, "用户:*"),
        ("用户:<n:100000>:订单", 1500, "用户:*:订单"),
        ("пользователь:<first> <last>", 1500, "пользователь:*"),
        ("größe:<n:5000>", 1500, "größe:*"),
        ("emoji:🎉:<n:5000>", 800, "emoji:🎉:*"),
    ),
    "regions": _families(
        ("t:<region>-<company><suffix>:user:<n:100000>", 3000, "t:*:user:*"),
        ("t:<region>-<company><suffix>:plan", 2000, "t:*:plan"),
        ("plan:<region>-<company><suffix>", 2000, "plan:*"),
        ("<env>:t:<company><suffix>:x", 2000, "<env>:t:*:x"),
        ("org <company> inc:user:<n:9999>", 2000, "org * inc:user:*"),
        ("account/<company><suffix>/users/<n:999>", 2000, "account/*/users/*"),
        ("account/<company><suffix>/billing", 2000, "account/*/billing"),
    ),
    "people": _families(
        ("user:<first>-<last>:cart", 900, "user:*:cart"),
        ("profile:<first> <last>", 500, "profile:*"),
        ("inbox:<first>_<last>", 500, "inbox:*"),
        ("dm:<first>.<last>:<first>.<last>", 3000, "dm:*:*"),
        ("doc_<first>_<last>_<n:99>", 900, "doc_*"),
        ("hello <first> <last>", 900, "hello *"),
        ("@<first>.<last><n:99>", 900, "@*"),
    ),
    "closed": _families(
        ("<service>:cache:<n:9999>", 900, "<service>:cache:*"),
        ("<service>:lock:<n:999>", 300, "<service>:lock:*"),
        ("user:<n:9999>:<field>", 2000, "user:*:<field>"),
        ("cache:<kind>:<n:99999>", 3000, "cache:<kind>:*"),
        ("<metric>_<n:9999>", 900, "<metric>_*"),
        ("stats.<metric>.host<n:400>.max", 900, "stats.<metric>.host*.max"),
        ("api:v1:GET:/users/<n:99999>", 400, "api:v1:GET:/users/*"),
        ("api:v2:POST:/orders/<uuid>/items", 400, "api:v2:POST:/orders/*/items"),
    ),
    "tokens": _families(
        ("oauth:token:<base64:43>=", 1500, "oauth:token:*"),
        ("refresh:<base62:64>", 1500, "refresh:*"),
        ("glob:*:<n:90000>", 900, "glob:\\*:*"),
        ("glob:<n:90000>:x", 900, "glob:*:x"),
        ("v1:user:<n:90000>", 900, "v1:user:*"),
        ("v2:user:<n:90000>", 900, "v2:user:*"),
    ),
}
