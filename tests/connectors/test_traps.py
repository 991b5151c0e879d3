"""Every trap has a test, and the page about them says what the tests say."""

import pytest

from tests.connectors.traps import PAGE, SECTIONS, named, page


@pytest.fixture(scope="module")
def known() -> set[str]:
    return {id_ for id_, *_ in named()}


@pytest.mark.parametrize("id_", [id_ for ids in SECTIONS.values() for id_ in ids])
def test_a_trap_has_a_test(id_: str, known: set[str]):
    assert id_ in known


def test_the_page_is_what_the_tests_say():
    assert PAGE.read_text(encoding="utf-8") == page(), "say: python tests/connectors/traps.py"
