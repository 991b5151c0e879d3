"""Columns arrive in PostgreSQL as they are, with quotes or without."""

import pyarrow as pa
import pytest

from sync.ledger import Ledger
from sync.ledger.load_postgresql import copy_in

PLAIN = {"whole": ["", "a", " b ", "\\.", "\\N", "é"], "some": [None, "c", None, "d", "1.50", None]}
BOTH = {"whole": ["a", "b"], "some": ["", None]}
STRANGE = {"whole": ['say "yes"', "a,b", "one\ntwo", "", "\r"], "some": [None, None, "x", "y,", None]}


@pytest.mark.parametrize("values", [PLAIN, BOTH, STRANGE])
def test_a_null_is_no_empty_text_and_no_sign_in_a_text_ends_it(server, values):
    ledger = Ledger.open(server.create("copied"))
    table = pa.table({name: pa.array(texts, pa.string()) for name, texts in values.items()})
    table = table.append_column("number", pa.array(range(table.num_rows), pa.int32()))
    with ledger.begin() as tx:
        tx.exec_driver_sql('CREATE TABLE copied ("whole" text, "some" text, "number" integer)')
        assert copy_in(tx, "copied", iter([table, table])) == 2 * table.num_rows
        found = tx.exec_driver_sql('SELECT "whole", "some" FROM copied ORDER BY "number"').all()
    ledger.close()
    assert found[::2] == found[1::2] == list(zip(values["whole"], values["some"], strict=True))
