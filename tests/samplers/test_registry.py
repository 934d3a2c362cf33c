"""The samplers that are built in, and their sections of the configuration."""

from exporter.config.samplers import SamplersSection
from exporter.config.samplers.info import InfoSection
from exporter.samplers.registry import SAMPLERS


def test_every_sampler_has_the_section_of_its_name() -> None:
    fields = {name: field.annotation for name, field in SamplersSection.model_fields.items()}

    assert {spec.name: spec.section for spec in SAMPLERS} == fields


def test_the_section_of_a_sampler_is_found_by_its_type() -> None:
    sections = SamplersSection.model_validate({"info": {"max_commands": 7}, "acl": {"enabled": False}})
    found = [(spec.name, sections.section(spec.section)) for spec in SAMPLERS]

    assert all(pair in found for pair in sections)
    assert sections.section(InfoSection).max_commands == 7


def test_info_alone_decides_whether_a_target_is_up() -> None:
    assert [spec.name for spec in SAMPLERS if spec.decides_up] == ["info"]
