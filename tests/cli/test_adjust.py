"""What a person may set by hand."""

import pytest


@pytest.mark.timeout(120)
def test_what_no_review_or_balance_can_be_is_not_entered_by_hand_either(site, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    record = next(iter(site.world.org.rows("Contact")))["Id"]
    for words, says in (
        (("--coefficient", "90"), "--coefficient 90.00: customers goes from 0.50 to 3.50"),
        (("--coefficient", "0.49"), "--coefficient 0.49: customers goes from 0.50 to 3.50"),
        (("--points", "-500"), "--points -500: customers never goes below 0"),
    ):
        said = command("adjust", record, *words, "--why", "a typo")
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert says in said.err
    assert command("adjust", record, "--coefficient", "0.50", "--why", "goodwill").code == 0
