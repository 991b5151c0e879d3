"""The jobs: one sync from reading to writing back, and the ledger that remembers it."""
