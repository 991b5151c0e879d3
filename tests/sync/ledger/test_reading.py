"""Whoever reads the ledger waits for nobody who writes, and sees what was kept by then."""

from contextlib import closing

import pytest
from sqlalchemy import select

from sync.ledger import Ledger, database, schema

PLACES = ("sqlite", "postgresql")


@pytest.mark.parametrize("kind", PLACES)
def test_a_ledger_is_opened_and_read_while_another_one_writes(request, kind):
    place = request.getfixturevalue(f"{kind}_place")
    with closing(Ledger.open(place)) as writer, writer.begin() as tx:
        database.programme(tx, "customers")
        with closing(Ledger.open(place)) as reader, reader.reading() as seen:
            assert seen.execute(select(schema.programmes.c.name)).all() == []
    with closing(Ledger.open(place)) as reader, reader.reading() as seen:
        assert seen.execute(select(schema.programmes.c.name)).scalars().all() == ["customers"]
