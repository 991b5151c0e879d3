"""The main job through the command, read back through the vendors' own unmodified SDKs."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import requests
from hubspot import HubSpot
from hubspot.crm.contacts import BatchReadInputSimplePublicObjectId
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from sqlalchemy import update

from config.settings import load_settings
from connectors.protocol import FieldKind
from sync.fields import KINDS
from sync.ledger import Ledger, history, operation


class PlainHttp(HTTPAdapter):
    """simple-salesforce writes https everywhere; the sandbox speaks http on this machine (TE02)."""

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        request.url = (request.url or "").replace("https://", "http://", 1)
        return super().send(request, *args, **more)


def in_salesforce(url: str) -> dict[str, dict[str, Any]]:
    """Every contact's fields of ours by neutral name, as the org has them."""
    session = requests.Session()
    session.mount("https://", PlainHttp())
    host = url.removeprefix("http://")
    token = requests.post(
        f"{url}/services/oauth2/token",
        data={"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"},
        timeout=60,
    ).json()["access_token"]
    org = Salesforce(session_id=token, instance_url=f"https://{host}", session=session, version="62.0")
    names = {f"BonusMalus_{'_'.join(word.capitalize() for word in name.split('_'))}__c": name for name in KINDS}
    found = org.query_all_iter(f"SELECT Id, {', '.join(names)} FROM Contact")
    return {row["Id"]: {name: row[api] for api, name in names.items()} for row in found}


def in_hubspot(url: str, ids: list[str]) -> dict[str, dict[str, Any]]:
    """The same of these contacts of the portal."""
    client = HubSpot(access_token="sandbox-token", host=url, base_url=url, retry=False)
    api = client.crm.contacts.batch_api
    names = {f"bonus_malus_{name}": name for name in KINDS}
    found: dict[str, dict[str, Any]] = {}
    for at in range(0, len(ids), 100):
        inputs = [{"id": each} for each in ids[at : at + 100]]
        body = BatchReadInputSimplePublicObjectId(inputs=inputs, properties=list(names), properties_with_history=[])
        for row in api.read(body).results:
            found[row.id] = {name: row.properties[api_name] for api_name, name in names.items()}
    return found


def kept(name: str, value: Any) -> Any:
    """A value as a CRM gives it back, in the ledger's terms."""
    if value in (None, ""):
        return None
    match KINDS[name]:
        case FieldKind.DECIMAL | FieldKind.INTEGER:
            return Decimal(str(value)).normalize()
        case FieldKind.DATETIME:
            return datetime.fromisoformat(str(value).replace("+0000", "+00:00")).astimezone(UTC)
    return str(value)


def ledgers(settings, connection: str) -> dict[str, dict[str, Any]]:
    """What the ledger says is written on every living record of a connection."""
    loaded = load_settings(settings)
    ledger = Ledger.open(loaded.ledger, beside=settings.parent)
    with ledger.begin() as tx:
        rows = history.shown(tx, "customers", connection)
    ledger.close()
    return {record: written for record, _, written, _ in rows}


def test_fields_first_sync_second_sync_and_every_value_read_back(site, command):
    assert "to do it: bonus-malus fields apply" in command("fields", "plan").out
    assert command("fields", "apply").code == 0
    assert {each["action"] for rows in command("fields", "plan", "--json").json.values() for each in rows} == {"keep"}

    before = command("sync", "--json", "--dry-run").json
    assert before["written"] == 0
    first = command("sync", "--json")
    assert first.code == 0
    living = {name: ledgers(site.settings, name) for name in ("salesforce", "hubspot")}
    for name, each in first.json["connections"].items():
        assert each["outcomes"]["written"] == sum(each["outcomes"].values()) == len(living[name])
        assert before["connections"][name]["outcomes"]["would write"] == len(living[name])
        for found in each["objects"].values():
            assert found["read"] == sum(found["verdicts"].values())

    site.remote.sleep(3600)
    second = command("sync", "--json").json
    assert second["written"] == 0
    assert all(sum(each["outcomes"].values()) == len(living[name]) for name, each in second["connections"].items())

    for actual, expected in (
        (in_salesforce(site.url), living["salesforce"]),
        (in_hubspot(site.url, list(living["hubspot"])), living["hubspot"]),
    ):
        assert set(actual) == set(expected)
        for record, values in expected.items():
            wanted = {name: kept(name, value) for name, value in values.items()}
            assert {name: kept(name, actual[record][name]) for name in values} == wanted, record

    run = command("runs", "show", "1", "--json").json
    assert len(run["outcomes"]) == sum(len(each) for each in living.values())
    assert [each["run"] for each in command("runs", "--json").json] == [2, 1]


def late_claim(site, record):
    """A claim with fault of the customer, entered now, of the twentieth of November."""
    case = {"ContactId": record, "Subject": "Late", "Status": "Closed", "Resolution__c": "Customer at fault"}
    site.remote.events([{"crm": "salesforce", "do": "insert", "object": "Case", "values": case}])
    (made,) = [row["Id"] for row in site.world.org.rows("Case") if row["Subject"] == "Late"]
    site.world.org.update("Case", made, {"ClosedDate": "2026-11-20T10:00:00Z"})


def test_explain_shows_what_is_on_the_record_and_a_past_day_as_it_was_known_then(site, command):
    command("fields", "apply")
    command("sync")
    record = next(iter(ledgers(site.settings, "salesforce")))
    shown = command("explain", record, "--json").json
    site.remote.sleep(40 * 86400)
    late_claim(site, record)
    site.remote.sleep(3600)
    command("sync")
    then = command("explain", record, "--as-of", "2026-11-22", "--json").json
    restated = command("explain", record, "--as-of", "2026-11-22", "--restated", "--json").json
    assert then["lines"] == shown["lines"]
    assert restated["expected"] > then["expected"]
    assert "How it came to be" in command("explain", f"salesforce:{record}").out
    assert command("explain", record[:15], "--json").json["records"] == restated["records"]
    assert "Comment on y arrive" in command("explain", record, "--language", "fr").out


def test_a_day_that_another_time_zone_ended_is_shown_as_it_was_known_until_then(site, command):
    command("fields", "apply")
    command("sync")
    record = next(iter(ledgers(site.settings, "salesforce")))
    shown = command("explain", record, "--json").json
    late_claim(site, record)
    site.remote.sleep(3 * 3600)  # eleven in UTC, noon in Paris, one in the morning of the next day in Kiritimati
    written = site.settings.read_text("utf-8")
    site.settings.write_text(written.replace("Europe/Paris", "Pacific/Kiritimati"), "utf-8")
    assert command("sync", "--yes-change", "1000").code == 0
    now = command("explain", record, "--json").json
    assert (shown["day"], now["day"]) == ("2026-11-22", "2026-11-23")
    assert now["lines"] != shown["lines"]
    for day, known in (("2026-11-22", shown), ("2026-11-23", now)):
        assert command("explain", record, "--as-of", day, "--json").json["lines"] == known["lines"]


def test_a_sandbox_that_went_away_is_one_line_and_exit_code_4_or_2(site, command):
    site.settings.write_text(site.settings.read_text().replace(site.url, "http://127.0.0.1:9"), "utf-8")
    said = command("sync")
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert "nobody answers at http://127.0.0.1:9; start it: bonus-malus sandbox" in said.err


def test_an_undo_during_another_run_holds_what_comes_after_and_says_that_it_must_be_said_again(site, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    with closing(Ledger.open(load_settings(site.settings).ledger, beside=site.settings.parent)) as ledger:
        with ledger.begin() as tx:
            tx.execute(update(operation.leases).values(run=1, expires=datetime.now(UTC) + timedelta(days=4000)))
        said = command("undo", "1")
    assert said.code == 6
    assert "not everything was put back yet: say bonus-malus undo 1 again later\n" in said.out
    assert command("runs").code == 8


def test_an_undo_where_there_is_no_ledger_makes_none(site, command):
    for words in (["undo", "1"], ["reconcile"]):
        said = command(*words)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert "yet; the first sync makes it" in said.err
    assert not list(site.settings.parent.glob("*.db*"))


def test_an_undo_says_how_many_records_it_put_back(site, command):
    command("fields", "apply")
    written = command("sync", "--first-fill", "--json").json["connections"]
    said = command("undo", "1")
    assert said.code == 0
    for connection in written.values():
        assert f"records: {connection['outcomes']['written']} written" in said.out
    assert not any(row["BonusMalus_Coefficient__c"] for row in site.world.org.rows("Contact"))
