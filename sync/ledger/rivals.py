"""What a connection must not be: the same account twice, or one whose fields another programme writes."""

from sqlalchemy import Connection, select

from sync.fields import collide
from sync.ledger import schema
from sync.ledger.errors import LedgerError


def refuse_twin(tx: Connection, programme_id: int, name: str, crm: str, account: str) -> None:
    """Every fact of an account that has two names would count twice.

    Raises:
        LedgerError: the programme knows it under another one.
    """
    table = schema.connections
    here = (table.c.programme == programme_id) & (table.c.crm == crm) & (table.c.account == account)
    if known := tx.execute(select(table.c.name).where(here)).scalar():
        raise LedgerError(
            f"connection {name!r} leads to {crm} {account}, which is {known!r} in this ledger: every fact would count "
            f"twice; call the connection {known!r} in the settings"
        )


def refuse_rival(tx: Connection, programme_id: int, name: str, account: tuple[str, str], prefix: str) -> None:
    """Two programmes with the same fields would write over each other's values, run after run.

    Raises:
        LedgerError: another programme writes these to the account.
    """
    table, programmes = schema.connections, schema.programmes
    query = select(programmes.c.name, table.c.prefix).join(table, table.c.programme == programmes.c.id)
    crm, id_ = account
    here = (table.c.programme != programme_id) & (table.c.crm == crm) & (table.c.account == id_)
    for row in tx.execute(query.where(here).order_by(programmes.c.id)):
        if collide(prefix, row.prefix):
            raise LedgerError(
                f"connection {name!r} leads to {crm} {id_}, whose records the programme {row.name!r} of this "
                f"ledger writes: both would write the same fields; give this programme fields of its own (such as "
                f'prefix = "loyalty" in the settings), or an account of its own, call it {row.name!r}, or, where that '
                "one has ended, name a new ledger in the settings"
            )


def refuse_prefix(tx: Connection, programme: str, name: str, prefix: str) -> None:
    """Other fields than until now would leave those behind, with values that nobody keeps right.

    Raises:
        LedgerError: the ledger knows this connection's fields by other words.
    """
    table, programmes = schema.connections, schema.programmes
    query = select(table.c.prefix).join(programmes, programmes.c.id == table.c.programme)
    known = tx.execute(query.where(programmes.c.name == programme, table.c.name == name)).scalar()
    if known not in (None, prefix):
        raise LedgerError(
            f'prefix = "{prefix}": the fields of connection {name!r} begin with "{known}" in this ledger, and would '
            f'stay behind; write prefix = "{known}" again, or take them away by `bonus-malus fields remove` under it '
            "and name a new ledger in the settings"
        )
