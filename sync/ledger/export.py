"""The ledger's signals as Parquet files, in the columns that the engine reads."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from sync.ledger import columns
from sync.ledger.database import Ledger
from sync.ledger.errors import LedgerError

PARTS = 32  # folders: a subject is whole in one of them, and each fits in memory
GROUP = 65_536  # rows in a row group, at least where there are as many


def part_of(subjects: pa.Array, parts: int) -> pa.Array:
    """Each subject's number modulo the number of parts, those below zero too."""
    left = pc.subtract(subjects, pc.multiply(pc.divide(subjects, parts), parts))  # of the number's own sign
    return pc.if_else(pc.less(left, 0), pc.add(left, parts), left).cast(pa.int32())


def export(ledger: Ledger, programme: int, folder: Path, *, parts: int = PARTS) -> int:
    """Write everything in force of a programme to `folder/part=N/*.parquet`; how many signals.

    A subject's part is its number modulo `parts`.

    Raises:
        LedgerError: the folder is not empty or cannot be written, or the ledger cannot be read.
    """
    if folder.exists() and any(folder.iterdir()):
        raise LedgerError(f"{folder} is not empty: name a new folder")
    count = 0

    def partitioned() -> pa.RecordBatch:
        nonlocal count
        for batch in columns.events(ledger, programme):
            count += batch.num_rows
            subject = batch["subject"]
            yield batch.append_column("part", part_of(subject, parts))

    schema = columns.EVENTS.append(pa.field("part", pa.int32()))
    try:
        ds.write_dataset(
            pa.RecordBatchReader.from_batches(schema, partitioned()),
            folder,
            format="parquet",
            partitioning=ds.partitioning(pa.schema([schema.field("part")]), flavor="hive"),
            min_rows_per_group=GROUP,
            max_rows_per_group=4 * GROUP,
            max_open_files=parts,
        )
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)  # it was empty, or not there
        if not isinstance(error, OSError):
            raise
        raise LedgerError(f"{folder}: {error.strerror or error}; make room or name another folder") from error
    return count
