"""`bonus-malus init`: from nothing to settings that fit the org, question by question."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from cli import proposal
from cli.answers import Answers
from cli.compose import Composition, compose
from cli.exits import Exit
from cli.mapping import mapping
from cli.proposal import quoted
from cli.screen import command, console, table
from config.inherited import folder, names
from config.reading import ConfigError
from connectors.errors import CrmError
from connectors.protocol import Account
from sync.job import Source

CRMS = {"salesforce": ("salesforce",), "hubspot": ("hubspot",), "both": ("salesforce", "hubspot")}
SECRET = "env:NAME, file:PATH or keyring:SERVICE/USER"  # noqa: S105 - what a reference to a secret looks like


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the settings will say."""

    programme: str
    ledger: str
    sandbox: str
    time_zone: str
    connections: dict[str, dict[str, str]]  # values as TOML

    def text(self) -> str:
        """The settings file, with a comment wherever somebody will one day want to change something."""
        lines = [
            "# Made by `bonus-malus init`. What connections take: docs/connectors.md.",
            "",
            '# What counts, and for how much: `bonus-malus rules show`. A copy of your own: "my-rules.toml".',
            f'programme = "{self.programme}"',
            "# The history, from which every number can be recomputed: back it up. Or a postgresql:// address.",
            f'ledger = "{self.ledger}"',
        ]
        if self.sandbox:
            lines += ["# Both CRMs are the sandbox at this address.", f'sandbox = "{self.sandbox}"']
        lines += ["# Reviews fall on this calendar.", f'time_zone = "{self.time_zone}"'] if self.time_zone else []
        lines += ["# The first fill looks this many years back.", "history_years = 3"]
        for name, values in self.connections.items():
            lines += ["", f"[connections.{name}]", *(f"{key} = {value}" for key, value in values.items())]
        return "\n".join(lines) + "\n"


@click.command()
@click.option("--set", "given", multiple=True, metavar="KEY=VALUE", help="An answer; the keys are above.")
@click.option("--yes", is_flag=True, help="Ask nothing: the default wherever --set says nothing.")
@click.option("--force", is_flag=True, help="Replace settings and mappings that are there.")
@click.pass_obj
def init(settings: Path, *, given: tuple[str, ...], yes: bool, force: bool) -> int:
    """Write settings that fit your CRM: who we are there, what counts as what, with counts from your own records.

    Reads, and changes nothing in any CRM. Stop it at any time: the next `init` goes on where this one stopped.

    Keys of --set: crm, sandbox, programme, ledger, time_zone; salesforce.domain, salesforce.sign_in,
    salesforce.client_id, salesforce.client_secret (or salesforce.username, salesforce.private_key); hubspot.sign_in,
    hubspot.token (or hubspot.client_id, hubspot.client_secret, hubspot.refresh_token), hubspot.language; which record
    types and pipelines count, such as hubspot.deals.renewals=no; salesforce.fault, the field that decides about fault,
    and salesforce.fault.VALUE=full, partial, none or ignore.
    """
    if settings.exists() and not force:
        raise click.UsageError(f"{settings} is there already; --force replaces it, or name another: --settings FILE")
    answers = Answers(_pairs(given), settings.with_suffix(".init.json"), defaults_only=yes)
    out = console()
    if answers.resumed:
        out.print("going on where the last init stopped")
    plan = basics(answers)
    draft = settings.with_name(f".{settings.name}.draft")
    try:
        _fill(plan, answers, settings, draft, force=force)
        answers.done()
        draft.replace(settings)
    except (ConfigError, CrmError) as error:
        answers.doubt(("sandbox", *plan.connections))
        if isinstance(error, ConfigError):  # what was never written is not to be looked for
            raise ConfigError(str(error).removeprefix(f"{draft}: ")) from error
        raise
    finally:
        draft.unlink(missing_ok=True)
    out.print(f"\n{settings} is written. Next:", markup=False)
    for words in ("fields apply", "doctor", "sync --dry-run", "sync --first-fill"):
        out.print(f"  {command(settings, words)}", markup=False, soft_wrap=True)
    return Exit.DONE


def _fill(plan: _Plan, answers: Answers, settings: Path, draft: Path, *, force: bool) -> None:
    """Look into the CRMs and write the draft of the settings."""
    draft.write_text(plan.text(), "utf-8")
    with _connected(compose(draft)) as sources:
        accounts = {name: source.connector.account() for name, source in sources.items()}
        plan = _at_home(plan, answers, accounts)
        for name, source in sources.items():
            _look(name, source, accounts[name])
            if file := mapping(name, source, answers, settings, force=force):
                plan.connections[name]["mapping"] = f'"{file.name}"'
    draft.write_text(plan.text(), "utf-8")
    compose(draft)  # what is written must be read without a mistake


def basics(answers: Answers) -> _Plan:
    """What is asked before anybody is reached."""
    programmes = names(folder("programmes"))
    crms = CRMS[answers.ask("crm", "Which CRM", default="both", choices=list(CRMS))]
    sandbox = answers.ask("sandbox", "Address of a sandbox on this machine, or none", default="none")
    sandbox = "" if sandbox == "none" else sandbox
    connections = {crm: {} if sandbox else _WAYS_IN[crm](answers) for crm in crms}
    programme = answers.ask("programme", "Which programme", default="customers", choices=programmes)
    ledger = answers.ask("ledger", "Where to keep the ledger", default="bonus-malus.db")
    return _Plan(programme, ledger, sandbox, "UTC", connections)


def _salesforce(answers: Answers) -> dict[str, str]:
    question = "Salesforce: the org's My Domain (Setup > My Domain), such as acme.my or acme--uat.sandbox.my"
    domain = answers.ask("salesforce.domain", question)
    question = "Salesforce: sign in with a key and a secret, or as a user with a certificate"
    ways = ["client-credentials", "jwt"]
    way = answers.ask("salesforce.sign_in", question, default=ways[0], choices=ways)
    question = f"Salesforce: where is the consumer key of the External Client App ({SECRET}, or the key itself)"
    client = answers.ask("salesforce.client_id", question, default="env:SALESFORCE_CLIENT_ID", check=_or_reference)
    values = {"domain": quoted(domain), "client_id": _or_reference(client)}
    if way == "jwt":
        username = answers.ask("salesforce.username", "Salesforce: username of the integration user")
        question = f"Salesforce: where is the private key of the certificate ({SECRET})"
        key = answers.ask("salesforce.private_key", question, default="file:salesforce.key", check=_reference)
        return values | {"username": quoted(username), "private_key": _reference(key)}
    question = f"Salesforce: where is the consumer secret ({SECRET})"
    default = "env:SALESFORCE_CLIENT_SECRET"
    secret = answers.ask("salesforce.client_secret", question, default=default, check=_reference)
    return values | {"client_secret": _reference(secret)}


def _hubspot(answers: Answers) -> dict[str, str]:
    ways = ["service-key", "oauth"]
    way = answers.ask("hubspot.sign_in", "HubSpot: sign in with", default=ways[0], choices=ways)
    asked = {"token": "the token of the Service Key"}
    if way == "oauth":
        asked = {"client_id": "the app's client id", "client_secret": "its secret", "refresh_token": "a refresh token"}
    values = {}
    for name, what in asked.items():
        question = f"HubSpot: where is {what} ({SECRET})"
        default = f"env:HUBSPOT_{name.upper()}"
        values[name] = _reference(answers.ask(f"hubspot.{name}", question, default=default, check=_reference))
    language = answers.ask("hubspot.language", "HubSpot: language of the portal", default="en", choices=["en", "fr"])
    return values | {"language": f'"{language}"'}


_WAYS_IN = {"salesforce": _salesforce, "hubspot": _hubspot}


def _at_home(plan: _Plan, answers: Answers, accounts: dict[str, Account]) -> _Plan:
    zone = next(iter(accounts.values())).time_zone
    chosen = answers.ask("time_zone", "Time zone of the reviews", default=zone)
    return _Plan(plan.programme, plan.ledger, plan.sandbox, chosen, plan.connections)


def _look(name: str, source: Source, account: Account) -> None:
    out = console()
    kind = "a sandbox or test account" if account.is_sandbox else "production"
    told = f"{account.name} ({account.id}), {kind}, {account.time_zone}, {account.currency}"
    out.print(f"\n[bold]{name}[/bold]  {told}", soft_wrap=True)
    rows = [
        (
            each.object,
            "–" if each.records is None else f"{each.records:,}",
            ", ".join(each.signals) or "the subjects",
            "cannot be read: these signals are off" if each.records is None else "",
        )
        for each in proposal.volumes(source.connector, source.mapping)
    ]
    out.print(table("", ("object", "records", "signals", ""), rows, right=("records",)))


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise click.UsageError(f"--set {each}: say KEY=VALUE")
        pairs[key] = value
    return pairs


def _reference(text: str) -> str:
    """`env:NAME` as `{ env = "NAME" }`: a secret itself is never written down."""
    kind, colon, name = text.partition(":")
    if not colon or kind not in ("env", "file", "keyring") or not name:
        raise click.UsageError(f"a secret is never written into the settings; say where it is: {SECRET}")
    return f"{{ {kind} = {quoted(name)} }}"


def _or_reference(text: str) -> str:
    """What is no secret, as it is or by a reference."""
    return _reference(text) if ":" in text else quoted(text)


@contextmanager
def _connected(composition: Composition) -> Iterator[dict[str, Source]]:
    sources = composition.sources()
    try:
        yield sources
    finally:
        for source in sources.values():
            source.connector.close()
