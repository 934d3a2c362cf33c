"""Tags of other tools become labels; what no label can hold is said."""

from exporter.migration.label_names import labels_of
from exporter.migration.notes import Notes


def test_a_tag_that_is_there_twice_is_told_since_a_label_has_one_value() -> None:
    notes = Notes()
    tags = [("team", "a"), ("env", "prod"), ("team", "b"), ("env", "prod")]
    assert labels_of(tags, notes, "conf.yaml:3") == {"team": "b", "env": "prod"}
    assert notes.differs == ['conf.yaml:3: the tag "team" is there twice, and a label has one value: "b"']
