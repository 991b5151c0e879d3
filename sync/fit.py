"""What a mapping can be here: a company's org lacks objects and fields, and may still be read (SR11)."""

from sqlalchemy import Connection

from connectors.errors import NotPermitted
from connectors.protocol import FieldSet, Level
from scoring.mapping import Mapping
from sync.job import Job, Source
from sync.ledger import facts
from sync.read import queries
from sync.report import ConnectionReport


def fit(job: Job, source: Source, fields: FieldSet, connection: int, report: ConnectionReport) -> Mapping:
    """The mapping without what this org does not have.

    Raises:
        NotPermitted: something is missing that the mapping cannot do without, or that signals rested on until now.
    """
    mapping = source.mapping
    for finding in source.connector.check(queries(mapping, fields), fields):
        if finding.level is Level.PASS:
            continue
        text = f"{finding.what}: {finding.cure}" if finding.cure else finding.what
        if finding.level is Level.WARN:
            report.warnings.append(text)
            continue
        ours = not source.mapping.asks(finding.object, finding.field)
        if ours and job.dry:
            # Before the fields are made there is nothing to write to, but everything to look at.
            report.warnings.append(text)
            continue
        if ours or mapping.needs(finding.object, finding.field):
            raise NotPermitted(text)
        smaller = mapping.without(finding.object, finding.field)
        lost = _lost(mapping, smaller)
        with job.begin() as tx:
            known = until_now(tx, connection, mapping, smaller)
        if known:
            # Going on would leave old incidents standing with nobody to withdraw them.
            raise NotPermitted(f"{text}; {', '.join(known)} came from there until now")
        if lost:
            report.warnings.append(f"{text}; off here: {', '.join(sorted({signal for _, signal in lost}))}")
        mapping = smaller
    return mapping


def until_now(tx: Connection, connection: int, mapping: Mapping, smaller: Mapping) -> list[str]:
    """The signals of a mapping that a smaller one lacks, and that came in here: no sync goes on without them."""
    return sorted(
        signal for object_, signal in _lost(mapping, smaller) if facts.has_signals(tx, connection, object_, signal)
    )


def _lost(mapping: Mapping, smaller: Mapping) -> set[tuple[str, str]]:
    return {(rule.object, rule.name) for rule in mapping.signals} - {
        (rule.object, rule.name) for rule in smaller.signals
    }
