"""Whoever waits for the ledger acts at the instant at which it gets it: nobody begins in the past of a run that came
meanwhile, and is told that the clock was set back."""

from contextlib import contextmanager

import pytest

from sync.ledger import Ledger, database, schema
from tests.cli.test_doctor import small_site


@pytest.fixture
def lived(tmp_path, command):
    """A site that was synced and undone, and somebody who was erased in it."""
    with small_site(tmp_path) as site:
        assert command("fields", "apply").code == 0
        for words in (("sync", "--first-fill"), ("undo", "1")):
            site.remote.sleep(900)
            assert command(*words).code == 0
        yield site


def records(ledger):
    with ledger.begin() as tx:
        return [str(row.record) for row in tx.execute(schema.contacts.select())]


@pytest.fixture
def meanwhile(lived, monkeypatch):
    """From now on a run comes and goes a minute after anybody has begun to wait for the ledger."""

    def switch_on():
        real = Ledger.begin
        came = []

        @contextmanager
        def begin(self):
            if not came:
                lived.remote.sleep(60)
                with real(self) as tx:
                    programme = database.programme(tx, "customers").id
                    came.append(database.start_run(tx, programme, lived.remote.now(), "customers@1"))
                    database.end_run(tx, came[0], lived.remote.now(), "done", {})
            with real(self) as tx:
                yield tx

        monkeypatch.setattr(Ledger, "begin", begin)
        return came

    return switch_on


@pytest.mark.parametrize(
    "words",
    [
        ("freeze", "{0}", "--why", "legal hold"),
        ("resume",),
        ("purge",),
        ("erase", "{0}", "--yes"),
        ("readmit", "{1}", "--yes"),
    ],
    ids=lambda words: words[0],
)
def test_a_run_that_came_while_a_command_waited_is_no_clock_that_was_set_back(lived, command, meanwhile, words):
    ledger = Ledger.open("ledger.db")
    somebody, erased = records(ledger)[:2]
    ledger.close()
    assert command("erase", erased, "--yes").code == 0
    came = meanwhile()
    said = command(*(word.format(somebody, erased) for word in words))
    assert (said.code, said.err) == (0, "")
    assert came
