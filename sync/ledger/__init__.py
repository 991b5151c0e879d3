"""The ledger: what we made of the CRMs' facts and what was shown when, in a database that only grows."""

from sync.ledger.database import Ledger
from sync.ledger.errors import LedgerBusy, LedgerError

__all__ = ["Ledger", "LedgerBusy", "LedgerError"]
