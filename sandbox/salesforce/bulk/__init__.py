"""Bulk API 2.0: jobs that read or write many rows, asked about until they are done."""
