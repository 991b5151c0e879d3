"""docs/operations.md is walked through as written, and what is deployed calls commands that there are."""

import os
import re
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from cli.commands import PLACES
from cli.sandbox import SETTINGS
from config.settings import load_settings
from sandbox.app import World, create_app
from sandbox.company import Company, populate
from sandbox.remote import Remote
from sandbox.server import Server
from sync.ledger import Ledger, schema
from tests import postgres
from tests.cli.conftest import command  # noqa: F401 - a fixture
from tests.docs.test_docs import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
CODE = re.compile(r"exit code (\d)")


def steps():
    """Every command of the page with the exit code that it says."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE):
        for line in block.splitlines() if not language else ():
            said = CODE.search(line)
            yield shlex.split(line, comments=True), int(said[1]) if said else 0


@pytest.fixture
def small():
    """Few customers: the page is about what one does, and not about how many."""
    world = World()
    populate(world, Company(seed=3, customers=60))
    with Server(create_app(world)) as server:
        remote = Remote(server.url)
        yield remote
        remote.close()


def accused(settings):
    """A living record with an incident, and the incident's record."""
    ledger = Ledger.open(load_settings(settings).ledger, beside=settings.parent)
    with ledger.begin() as tx:
        signals, contacts = schema.signals, schema.contacts
        here = (contacts.c.connection == signals.c.connection) & (contacts.c.record == signals.c.contact)
        query = signals.select().join(contacts, here)
        row = tx.execute(query.where(signals.c.liability == "full", contacts.c.gone.is_(False))).first()
    ledger.close()
    return row.contact, row.record


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request):
    """Where the ledger is, and where it moves to: into the other database."""
    if why := postgres.missing():
        if request.param == "postgresql":
            pytest.skip(why)
        yield "bonus-malus.db", "moved.db"
        return
    with postgres.running() as server:
        yield (
            ("bonus-malus.db", server.create("walk"))
            if request.param == "sqlite"
            else (
                server.create("walk"),
                "moved.db",
            )
        )


def test_the_page_is_walked_through_as_written(places, command, small):  # noqa: F811 - a fixture
    settings, (place, other) = Path("bonus-malus.toml"), places
    asks = SETTINGS.format(ledger=place, url=small.url).replace('first_fill = "go"', 'first_fill = "ask"')
    settings.write_text(asks, "utf-8")
    known = {"RUN": "1", "PLACE": other}
    walked = 0
    for written, code in steps():
        if "SUBJECT" in written and "SUBJECT" not in known:
            known["SUBJECT"], known["SIGNAL"] = accused(settings.resolve())
            known["RECORD"] = known["SUBJECT"]
        words = [known.get(word, word) for word in written]
        if "backup" in words and "://" in place:
            continue  # pg_dump's part
        if words[0] == "install":
            if "://" not in place:
                mine = {"-o": str(os.getuid()), "-g": str(os.getgid())}  # there is no user of the service's here
                subprocess.run([mine.get(before, word) for before, word in pairwise(["", *words])], check=True)
            continue
        said = command(*words[1:])
        assert said.code == code, (words, said.out, said.err)
        if "PLACE" in written:
            settings.write_text(
                settings.read_text("utf-8").replace(f'ledger = "{place}"', f'ledger = "{other}"'), "utf-8"
            )
            place = other
        small.sleep(900)
        walked += 1
    assert walked >= 20
    assert place == other, "the second half was walked in the other database"


def test_the_settings_shown_are_valid_and_are_the_defaults_but_for_what_has_none(monkeypatch, tmp_path):
    (shown,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    for name, text in (("shown", shown), ("plain", "")):
        (tmp_path / f"{name}.toml").write_text(f"{text}\n[connections.salesforce]\n", "utf-8")
    found, plain = (load_settings(tmp_path / f"{name}.toml") for name in ("shown", "plain"))
    assert (found.brake, found.reconcile, found.first_fill) == (plain.brake, plain.reconcile, plain.first_fill)
    assert found.edited_by_hand == plain.edited_by_hand
    assert found.schedule.model_copy(update={"port": None}) == plain.schedule
    assert found.alerts.model_copy(update={"webhook": None, "mail": None}) == plain.alerts


DEPLOYED = sorted(path for path in (ROOT / "deploy").rglob("*") if path.suffix in (".service", ".yaml"))


@pytest.mark.parametrize("path", DEPLOYED, ids=lambda path: path.name)
def test_what_is_deployed_calls_commands_that_there_are(path):
    text = path.read_text("utf-8")
    called = re.findall(r'args: \["(\w+)"', text) + re.findall(r"^ExecStart=\S+ (?:--\S+ )*(\w+)", text, re.MULTILINE)
    assert called
    assert set(called) <= set(PLACES)


def test_whoever_cannot_write_to_its_own_root_has_a_place_for_what_waits_on_disk():
    text = (ROOT / "deploy" / "kubernetes" / "cronjob.yaml").read_text("utf-8")
    jobs = text.split("\n---\n")
    assert len(jobs) == 3
    for job in jobs:
        assert "readOnlyRootFilesystem: true" in job
        assert re.search(r"name: scratch,?\s+mountPath: /tmp", job)
        assert re.search(r"name: scratch\b.*?,?\s+emptyDir", job)


def test_the_container_starts_with_a_command_that_there_is():
    text = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    (started,) = re.findall(r'^CMD \["(\w+)"\]', text, re.MULTILINE)
    assert started in PLACES
