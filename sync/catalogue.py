"""The catalogue of what goes wrong: a code, its cause, its cure. `python -m sync.catalogue > docs/errors.md`."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of trouble. `codes` are a vendor's words for it, or ours."""

    codes: tuple[str, ...]
    cause: str
    cure: str


RUNS = (
    Trouble(
        ("failed",),
        "a CRM refused us: credentials, a scope, a permission, a field that signals rest on",
        "do what the connection's message says (`bonus-malus runs show ID`); the next run goes on from there",
    ),
    Trouble(
        ("try later",),
        "a CRM was down, slow, or its calls of the day were used up",
        "nothing: the next run goes on where this one stopped",
    ),
    Trouble(
        ("interrupted",),
        "the run was asked to end (SIGTERM, Ctrl-C)",
        "nothing: the next run goes on from there; an undo goes on when it is said again",
    ),
    Trouble(("abandoned",), "the run was killed, or its machine was", "nothing: the next run has gone on from there"),
    Trouble(
        ("skipped",),
        "another run holds the lease of the connection",
        "nothing; where no run is alive, the lease of a dead one ends five minutes after its last sign of life",
    ),
    Trouble(
        ("asked",),
        "the run would have written for the first time, or to more records than `brake.share` allows",
        "look at `bonus-malus sync --dry-run`, then say yes as its last line tells",
    ),
    Trouble(
        ("held",), "a run was undone, and nothing is written since", "correct what was wrong, then `bonus-malus resume`"
    ),
)

RECORDS = (
    Trouble(
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "FIELD_FILTER_VALIDATION_EXCEPTION", "REQUIRED_FIELD_MISSING"),
        "a validation rule or required field of the org refuses the record as it is, whoever saves it",
        "correct the record, or exempt the integration user in the rule",
    ),
    Trouble(
        ("DUPLICATES_DETECTED",),
        "a duplicate rule of the org blocks every change of the record",
        "merge the duplicates, or let the rule pass the integration user",
    ),
    Trouble(
        (
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "CANNOT_EXECUTE_FLOW_TRIGGER",
            "APEX_ERROR",
            "LIMIT_EXCEEDED",
            "UNKNOWN_EXCEPTION",
        ),
        "an automation of the org (trigger or flow) fails on our update, even alone",
        "show its owner the reason; the records are tried again at growing intervals",
    ),
    Trouble(
        ("UNABLE_TO_LOCK_ROW", "API_TEMPORARILY_UNAVAILABLE", "SERVER_UNAVAILABLE", "CONFLICT", "RATE_LIMITS"),
        "somebody else was changing the record, or the CRM was busy",
        "nothing: the next run writes it; if it never ends, look for an automation that holds the record",
    ),
    Trouble(
        ("STRING_TOO_LONG", "NUMBER_OUTSIDE_VALID_RANGE", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        "one of our fields was altered: its length, its digits or its picklist no longer take the value",
        "compare with `bonus-malus fields plan`; a tier that is new needs `bonus-malus fields apply`",
    ),
    Trouble(
        (
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "INVALID_FIELD",
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        ),
        "the integration user may not edit the field or this record",
        "`bonus-malus fields apply` for the field; share the record with the integration user",
    ),
    Trouble(
        ("CANNOT_UPDATE_CONVERTED_LEAD",),
        "a lead was converted, and cannot be changed any more",
        "nothing: its contact is written in its place",
    ),
    Trouble(
        ("MALFORMED_ID", "INVALID_ID_FIELD", "INVALID_ID"),
        "this is no id of that object in this account",
        "if production and a sandbox were mixed up, name another ledger in the settings",
    ),
    Trouble(
        ("VALIDATION_ERROR",),
        "a validation rule of the portal refuses the record or the value",
        "correct the record, or the rule",
    ),
    Trouble(
        ("INVALID_VALUE",),
        "we computed a value that no CRM could take, and did not send it",
        "report it: that is a defect of this program",
    ),
    Trouble(
        ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND", "OBJECT_NOT_FOUND", "MERGED"),
        "the record was deleted or merged away since it was read",
        "nothing: the record counts as gone, and its history is the survivor's",
    ),
)


def cure(code: str) -> str:
    """What to do about a record that was refused with this code; empty where the catalogue does not know it."""
    return next((trouble.cure for trouble in RECORDS if code in trouble.codes), "")


def page() -> str:
    """The whole text of docs/errors.md."""
    lines = [
        "# What can go wrong, and what to do",
        "",
        "Made of the table that `bonus-malus rejects` prints from (`python -m sync.catalogue`); a test keeps it so.",
        "What a command says on its last line, and its exit code, are in [cli.md](cli.md).",
    ]
    for title, troubles in (("A run is called", RUNS), ("A record is refused with", RECORDS)):
        lines += ["", f"## {title}", "", "| code | cause | cure |", "| --- | --- | --- |"]
        for each in troubles:
            lines.append(f"| {', '.join(f'`{code}`' for code in each.codes)} | {each.cause} | {each.cure} |")
    lines += ["", "A code that is not here is the vendor's own: its reason is shown as the CRM gave it."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
