"""CSV exports of a CRM as a source, results as CSV: a trial on one's own data, without a key."""
