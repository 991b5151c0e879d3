"""Contacts: what the pages of a run brought of them, compared with what the ledger knew, and who edited our fields.

As with signals (`sync.ledger.facts`), a page that is read again changes nothing (SR01, SR05).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, update

from scoring.records import is_address
from sync.ledger import bulk, schema
from sync.ledger.facts import Entry, rows


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """A subject's record as read: what the ledger keeps of it, and our own fields as they were found."""

    record: str
    email: str | None  # as read; only its digest is kept
    cross_id: str | None
    cross_crm: str | None
    gone: bool
    merged_into: str | None
    ours: Mapping[str, Any]  # by neutral name, as JSON values


@dataclass(frozen=True, slots=True)
class ContactChanges:
    """What a page of contacts came to: rows to link again, and our fields that somebody edited.

    `foreign` are fields that no person wrote, and no run that this ledger knows.
    """

    touched: frozenset[int]
    edited: tuple[tuple[str, tuple[str, ...]], ...]
    foreign: tuple[tuple[str, tuple[str, ...]], ...]


def _blank(written: Mapping[str, Any]) -> bool:
    """Whether nothing of ours stands on a record, as after our fields were removed and made again."""
    return all(value is None for value in written.values())


def digest(email: str | None) -> str | None:
    """An address trimmed and lower-cased, as SHA-256; None for what is no address."""
    text = (email or "").strip().lower()
    return hashlib.sha256(text.encode()).hexdigest() if is_address(text) else None


def store_contacts(
    tx: Connection,
    entry: Entry,
    found: Sequence[ContactFacts],
    *,
    restore: bool = True,
    sent: Callable[[Row[Any], ContactFacts], Mapping[str, Any]] = lambda _row, _facts: {},
) -> ContactChanges:
    """Insert or update contacts; every new one becomes a subject of its own until people are linked.

    With `restore` a record whose fields of ours somebody edited is to be shown again; without, it is left as it is
    until its standing changes. `sent` knows, and notes, what a run wrote and died before it noted so: that is no edit.
    Nor is it one where `computed_at` has moved, which goes along with every write of a run: the ledger may be an older
    backup, or the CRM has merged records. Such a record is shown again in any case.
    """
    table = schema.contacts
    latest = {facts.record: facts for facts in found}
    known = {row.record: row for row in rows(tx, table, table.c.record, latest, table.c.connection == entry.connection)}
    touched = _new_contacts(tx, entry, [facts for record, facts in latest.items() if record not in known])
    edited: list[tuple[str, tuple[str, ...]]] = []
    foreign: list[tuple[str, tuple[str, ...]]] = []
    for record, row in known.items():
        facts = latest[record]
        values = _moved_identity(facts, row)
        if values:
            touched.add(row.id)
        if row.written and not facts.gone:
            kept, differing = row.written, _differing(facts, row.written)
            if differing:
                kept = kept | dict(sent(row, facts))
                differing = _differing(facts, kept)
            if differing:
                by_hand = "computed_at" not in differing
                (edited if by_hand else foreign).append((record, differing))
                values["written"] = kept | {name: facts.ours[name] for name in differing}
                if restore or not by_hand:
                    values["shown"] = None if row.shown is None or _blank(values["written"]) else schema.OTHERWISE
        if values:
            tx.execute(update(table).where(table.c.id == row.id).values(values))
    return ContactChanges(frozenset(touched), tuple(edited), tuple(foreign))


def _differing(facts: ContactFacts, kept: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(name for name, value in facts.ours.items() if name in kept and kept[name] != value))


def _identity(facts: ContactFacts) -> dict[str, Any]:
    return {
        "email": digest(facts.email),
        "cross_id": facts.cross_id,
        "cross_crm": facts.cross_crm,
        "gone": facts.gone,
        "merged_into": facts.merged_into,
    }


def _moved_identity(facts: ContactFacts, row: Row[Any]) -> dict[str, Any]:
    """What identifies this contact, if any of it changed; nothing otherwise."""
    identity = _identity(facts)
    if facts.gone and not facts.merged_into:
        # A delete tells nothing of who the person was: keep how they are linked, for an undelete.
        identity |= {"email": row.email, "cross_id": row.cross_id, "cross_crm": row.cross_crm}
    return identity if any(getattr(row, name) != value for name, value in identity.items()) else {}


def _new_contacts(tx: Connection, entry: Entry, found: Sequence[ContactFacts]) -> set[int]:
    """Contacts never seen before, each a subject of its own."""
    if not found:
        return set()
    contacts = schema.contacts
    ids = bulk.numbers(tx, contacts, len(found))
    # A contact's own id names its subject: unique, and nothing to keep count of.
    rows = [
        {
            "id": each,
            "connection": entry.connection,
            "record": facts.record,
            "subject": each,
            "written": dict(facts.ours) or None,
            **_identity(facts),
        }
        for each, facts in zip(ids, found, strict=True)
    ]
    stamp = {"run": entry.run, "recorded": entry.at}
    bulk.enter(tx, contacts, rows)
    bulk.enter(tx, schema.identities, [{**stamp, "contact": each, "subject": each} for each in ids])
    bulk.enter(tx, schema.current, [{"subject": each, "programme": entry.programme} for each in ids])
    return set(ids)
