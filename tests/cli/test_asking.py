"""Every command that asks: where there is nobody to answer, one line says what to give, and nothing was done."""

import io
from collections.abc import Iterator

import pytest

from sync.ledger import Ledger, schema
from tests.cli.conftest import Command, Site
from tests.cli.test_doctor import small_site

NOBODY = "bonus-malus: there is nobody to answer; say --yes to go on without being asked"
ASKING = [
    ("erase", "RECORD"),
    ("erase", "RECORD", "--json"),
    ("readmit", "RECORD"),
    ("fields", "remove"),
    ("uninstall", "--ledger"),
    ("--settings", "other.toml", "init"),
]


@pytest.fixture
def small(tmp_path) -> Iterator[Site]:
    with small_site(tmp_path) as site:
        yield site


@pytest.fixture
def record(small: Site, command: Command) -> str:
    assert command("fields", "apply").code == 0
    assert command("sync").code == 0
    ledger = Ledger.open("ledger.db")
    with ledger.begin() as tx:
        found = str(tx.execute(schema.contacts.select().where(schema.contacts.c.gone.is_(False))).first().record)
    ledger.close()
    return found


@pytest.mark.parametrize("there", ["nothing to read", "no standard input"])
@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_a_script_that_says_no_yes_is_told_so(
    command: Command, record: str, words: tuple[str, ...], there: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdin", io.StringIO("") if there == "nothing to read" else None)
    said = command(*(record if word == "RECORD" else word for word in words))
    assert (said.code, said.err.splitlines()[-1]) == (2, NOBODY)
    assert "deleted" not in said.out
    assert command("explain", record).code == 0


def test_a_person_answers(command: Command, record: str, monkeypatch: pytest.MonkeyPatch):
    def answer(line: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{line}\n"))

    answer("n")
    said = command("erase", record)
    assert (said.code, said.out) == (7, "nothing was erased\n")
    assert command("explain", record).code == 0
    answer("y")
    assert command("erase", record).code == 0
    answer("n")
    said = command("readmit", record)
    assert (said.code, said.out) == (7, "nobody was let in\n")
    answer("y")
    assert command("readmit", record, "--json").json["records"] >= 1


def test_ctrl_c_at_a_question_is_an_interruption(command: Command, record: str, monkeypatch: pytest.MonkeyPatch):
    def interrupt(_prompt: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", interrupt)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    said = command("erase", record)
    assert said.code == 4
    assert "interrupted" in said.err
