"""The list of commands: under what one wants to do, each in one line that fits on a terminal."""

from collections.abc import Mapping

MENU: Mapping[str, Mapping[str, str]] = {
    "Look, without a CRM": {
        "demo": "both CRMs on this machine: first sync, three weeks, second sync",
        "sandbox": "the same two CRMs in your browser, for as long as you like",
        "try": "score the CSV files that your CRM exports",
        "calc": "one coefficient, year by year",
    },
    "Install": {
        "init": "write the settings, question by question",
        "fields": "the custom fields: plan, apply, remove",
        "doctor": "check everything before the first write, and at any time",
        "package": "the Lightning component or HubSpot card, ready to deploy",
        "uninstall": "take everything out of the CRMs again",
    },
    "Run": {
        "sync": "read what changed, score who moved, write what differs",
        "schedule": "do so for years, with alerts and metrics",
        "runs": "what each run did",
        "rejects": "records that a CRM refused, each with its cure",
        "undo": "put back what a run wrote",
        "resume": "write again after an undo",
        "reconcile": "find what vanished from a CRM without a trace",
    },
    "Explain and decide": {
        "explain": "every line behind somebody's number, on any day",
        "statement": "the same for the customer: a page to hand over",
        "contest": "a customer disputes an incident: open, accept, reject",
        "adjust": "set coefficient or points by hand, until a day",
        "freeze": "stop scoring somebody",
        "unfreeze": "score somebody again",
    },
    "Rules": {
        "rules": "show, check or analyse them, each with its article",
        "simulate": "what other rules would make of everybody",
    },
    "Keep": {
        "ledger": "verify it, export it, back it up, move it",
        "erase": "forget one person, for good",
        "readmit": "let somebody who was erased be scored again",
        "purge": "forget what has been kept long enough",
    },
}
