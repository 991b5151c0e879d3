"""The catalogue of errors is what the program says, and its page is made of it."""

from pathlib import Path

from cli.exits import STATES
from sync.catalogue import RECORDS, RUNS, cure, page

ROOT = Path(__file__).parents[2]


def test_the_page_is_made_of_the_table():
    assert (ROOT / "docs" / "errors.md").read_text("utf-8") == page(), "python -m sync.catalogue > docs/errors.md"


def test_every_way_a_run_may_end_has_a_cause_and_a_cure():
    assert {code for each in RUNS for code in each.codes} == set(STATES) - {"done"} | {"abandoned"}


def test_no_code_has_two_cures():
    codes = [code for each in RECORDS for code in each.codes]
    assert len(codes) == len(set(codes))


def test_a_code_that_is_known_has_a_cure_and_another_has_none():
    assert cure("DUPLICATES_DETECTED") == "merge the duplicates, or let the rule pass the integration user"
    assert cure("SOMETHING_NEW") == ""
