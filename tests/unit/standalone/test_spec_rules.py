import pytest

from waas_contract.custom_resource_definition import SOURCE_RULES, SPEC_RULES
from waas_standalone.spec_rules import pair_rules


@pytest.mark.parametrize("rules", [SOURCE_RULES, SPEC_RULES])
def test_twins_do_not_depend_on_the_rules_order(rules: list[dict[str, str]]) -> None:
    assert set(pair_rules("", rules)) == set(pair_rules("", rules[::-1]))


def test_a_rule_without_its_twin_is_a_fault_at_once() -> None:
    with pytest.raises(KeyError):
        pair_rules("spec", [{**SPEC_RULES[0], "rule": "self.task != 'dance'"}])
