"""The ledger's signals as Parquet files, in the columns that the engine reads."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from sync.ledger import columns, zones
from sync.ledger.database import Ledger
from sync.ledger.errors import LedgerError
from sync.parquet import write_events

UNSORTED = "unsorted-{i}.parquet"
PARTS = 32  # folders: a subject is whole in one of them, and each fits in memory


def part_of(subjects: pa.Array, parts: int) -> pa.Array:
    """Each subject's number modulo the number of parts, those below zero too."""
    left = pc.subtract(subjects, pc.multiply(pc.divide(subjects, parts), parts))  # of the number's own sign
    return pc.if_else(pc.less(left, 0), pc.add(left, parts), left).cast(pa.int32())


def export(ledger: Ledger, programme: int, folder: Path, *, parts: int = PARTS) -> int:
    """Write everything in force of a programme to `folder/part=N/signals.parquet`; how many signals.

    A subject's part is its number modulo `parts`. A file is sorted so that the engine reads of it what can matter. The
    day on which something was recorded is that of its column's time zone: where the programme had others before, what
    was recorded then is in `signals-2.parquet` and so on beside it.

    Raises:
        LedgerError: the folder is not empty or cannot be written, or the ledger cannot be read.
    """
    if folder.exists() and any(folder.iterdir()):
        raise LedgerError(f"{folder} is not empty: name a new folder")
    count = 0
    with ledger.reading() as tx:
        known = zones.dating(tx).get(programme, zones.UNSETTLED)

    def partitioned() -> pa.RecordBatch:
        nonlocal count
        for batch in columns.events(ledger, programme):
            count += batch.num_rows
            subject = batch["subject"]
            yield batch.append_column("part", part_of(subject, parts)).cast(schema)

    schema = columns.EVENTS.append(pa.field("part", pa.int32()))
    try:
        ds.write_dataset(
            pa.RecordBatchReader.from_batches(schema, partitioned()),
            folder,
            format="parquet",
            partitioning=ds.partitioning(pa.schema([schema.field("part")]), flavor="hive"),
            basename_template=UNSORTED,
            max_open_files=parts,
        )
        for unsorted in sorted(folder.rglob(UNSORTED.replace("{i}", "*"))):
            everything = pq.read_table(unsorted, partitioning=None)
            for number, some in enumerate(columns.in_their_zones(everything, known), 1):
                name = "signals" if number == 1 else f"signals-{number}"
                write_events(some, unsorted.with_name(f"{name}.parquet"))
            unsorted.unlink()
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)  # it was empty, or not there
        if not isinstance(error, OSError):
            raise
        raise LedgerError(f"{folder}: {error.strerror or error}; make room or name another folder") from error
    return count
