"""Where names are to be hidden, nothing that may be the name of a person is shown."""

import json
from random import Random

import pytest

from exporter.keyspace.configured import ConfiguredPatterns
from exporter.keyspace.miner import PatternMiner
from exporter.keyspace.plain_words import PLAIN_WORDS
from exporter.keyspace.redaction import Redactor

PEOPLE = [
    *("anna schmidt", "ben garcia", "Carla Lopez", "eva.tanaka", "hans-meyer", "o'neill", "O'Neill, Shaun"),
    *("van der berg", "Jean-Luc", "d’Artagnan", "josé", "José María", "Зоя", "мария иванова", "李", "王小明"),
    *(
        "Søren",
        "Ångström",
        "müller",
        "Łukasz",
        "نور",
        "דוד",
        "अमित",
        "ann4",
        "kim_lee_88",
        "annaKim",
        "LEEANN",
    ),
    *("anna.kim@example.com", "j.smith+news@example.org", "Dr. No", "@ida", "#otto", "max", "mark", "rose"),
    *("grant", "bill", "page", "will", "price", "an", "bo", "x ae a-12", "smith jr.", "anna\tb", "ben\\c"),
]
POSITIONS = [
    *("{}", "{}:diagnosis", "medical:{}:hiv", "salary:{}", "patient:{} 17:hiv", "user_{}_cart", "{}_cart"),
    *("user:{}:session:17", "{{{}}}:cart", "a/{}/b", "page:/{}?utm=1", "User{}", "cache.user.{}.html"),
    *("user-{}", "session|{}|x", "u:{}:{}", "mail:{} <x>", "profile:{}:friends:99"),
]
# What stands around them in the names above.
AROUND = {"salary", "patient", "diagnosis", "hiv", "medical"}


GIVEN_NAMES = """
james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan
joseph jessica thomas sarah mark grant bill rose max may june april august summer autumn dawn grace hope
faith joy art dean guy rich pat ray miles chance hunter carter mason taylor jordan drew chase cash angel
sky river lily daisy ivy violet ruby pearl amber crystal tiffany mercedes carol eve gene jack jean rob
sandy skip sue terry tony victor ward wade will woody mia ida lea kim lee an bo li wei yu chen wang ali
omar fatima aisha noor ravi amit priya hiro ken yuki sven lars ole ulf kai udo jan uwe heidi luca marco
"""
FAMILY_NAMES = """
smith johnson williams brown jones garcia miller davis martinez lopez wilson anderson moore jackson
martin white harris clark lewis young walker hall allen king wright scott green baker adams nelson hill
campbell mitchell roberts cook rogers reed bell cooper page price fields day lang long field root block
bush stone woods wood love hunt black fox rice gray wolf bond case cross stein koch schmidt meyer weber
becker schulz tanaka sato suzuki kim park choi nguyen tran singh kumar khan ivanov silva santos ferrari
"""


def mine(
    names: list[bytes], redactor: Redactor | None, patterns: tuple[str, ...] = ()
) -> tuple[dict[str, int], str]:
    miner = PatternMiner(ConfiguredPatterns(patterns), redactor)
    miner.count(miner.find(names))
    return {name: group.keys for name, group in miner.finalize().items()}, json.dumps(
        miner.template(), ensure_ascii=False
    )


def words_of(text: str) -> set[str]:
    return set("".join(char if char.isalpha() else " " for char in text).lower().split())


def parts_of(person: str) -> set[str]:
    """What of a name must be seen nowhere: its words of two letters and more."""
    return {word for word in words_of(person) if len(word) > 1 or not word.isascii()} - {
        "com",
        "org",
        "example",
    }


@pytest.mark.parametrize("copies", [1, 30])
@pytest.mark.parametrize("position", POSITIONS)
def test_no_name_of_a_person_is_shown(position: str, copies: int) -> None:
    """Neither where they have one key each, nor where they have many."""
    names = [
        position.format(*[person] * position.count("{}")).encode() + (b":%d" % number if copies > 1 else b"")
        for person in PEOPLE
        for number in range(copies)
    ]
    names += [b"session:%d" % number for number in range(300)]
    Random(1).shuffle(names)
    found, saved = mine(names, Redactor())
    assert sum(found.values()) == len(names)
    people = {part for person in PEOPLE for part in parts_of(person)}
    shown = words_of(" ".join(found))
    assert not shown & people
    assert shown <= PLAIN_WORDS
    assert not words_of(saved) & {part for part in people if len(part) > 2}


def test_one_person_with_all_the_keys_is_hidden_too() -> None:
    names = [f"{kind}:anna:{number}".encode() for kind in ("user", "cart", "anna") for number in range(500)]
    assert mine(names, Redactor())[0] == {"user:*:*": 500, "cart:*:*": 500, "*:*:*": 500}
    assert "cart:anna:*" in mine(names, None)[0]


def test_what_says_nothing_about_anybody_is_shown() -> None:
    names = [
        template.format(number).encode()
        for template in (
            "session:{}",
            "v2:user:{}:settings",
            "UserProfile{}",
            "{{order:{}}}:items",
            "cache_page_{}",
        )
        for number in range(100, 400)
    ]
    found, _ = mine(names, Redactor())
    assert found == {
        "session:*": 300,
        "v2:user:*:settings": 300,
        "UserProfile*": 300,
        "{order:*}:items": 300,
        "cache_*": 300,
    }


def test_patterns_of_ones_own_and_queues_are_shown() -> None:
    names = [
        f"{kind}:{number}".encode() for kind in ("acme", "umbrella", "bull:mails") for number in range(50)
    ]
    found, _ = mine(names, Redactor(["bull:mails:"]), ("acme:{id}",))
    assert found == {"acme:{id}": 50, "*:*": 50, "bull:mails:*": 50}


def test_few_keys_show_no_word_at_all() -> None:
    names = [b"password:%d:reset" % number for number in range(5)] + [
        b"user:%d" % number for number in range(50)
    ]
    assert mine(names, Redactor())[0] == {"*:*:*": 5, "user:*": 50}


def test_no_plain_word_is_a_common_name() -> None:
    assert not PLAIN_WORDS & {*GIVEN_NAMES.split(), *FAMILY_NAMES.split()}
