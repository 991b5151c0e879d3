import re
from dataclasses import replace
from decimal import Decimal

import pytest
import requests
from lxml import html

from sandbox.app import World, create_app
from sandbox.company import Company, populate
from sandbox.hubspot.property import Definition, Option
from sandbox.page.card import card, is_ours
from sandbox.page.gauge import gauge
from sandbox.page.view import Field
from sandbox.page.words import WORDS
from sandbox.salesforce.schema import make_field
from sandbox.server import Server

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
STANDING = {
    "Coefficient": ("0.95", "0.95"),
    "Expected": ("0.9", "0.90"),
    "Tier": ("silver", "Silver"),
    "Previous_Tier": ("gold", "Gold"),
    "Points": ("340", "340"),
    "Price_Adjustment": ("-7", "\u22127"),
    "Trend": ("improving", "Improving"),
    "Reasons": ("Invoice 1042 paid 44 days late, 3 Jun 2025: ×1.125. 12 orders paid: +120 points.", ""),
    "Way_Back": ("Review of 12 Mar 2027 without incident: 0.90; Gold needs 250 points and 0.90.", ""),
    "Next_Review": ("2027-03-12", "12 Mar 2027"),
    "Changed_On": ("2026-03-12", "12 Mar 2026"),
    "Status": ("active", "Active"),
    "History": ("2026-03-12 0.95; 2025-03-12 0.85", ""),
    "Rules": ("customers@4f2a91c0", ""),
    "Computed_At": ("2026-11-22T08:00:00Z", "22 Nov 2026, 08:00 UTC"),
}
TYPES = {
    "Coefficient": ("double", "number"),
    "Expected": ("double", "number"),
    "Tier": ("picklist", "enumeration"),
    "Previous_Tier": ("picklist", "enumeration"),
    "Points": ("double", "number"),
    "Price_Adjustment": ("double", "number"),
    "Trend": ("picklist", "enumeration"),
    "Reasons": ("textarea", "string"),
    "Next_Review": ("date", "date"),
    "Changed_On": ("date", "date"),
    "Status": ("picklist", "enumeration"),
    "Computed_At": ("datetime", "datetime"),
}


def define_our_fields(world):
    contact = world.org.schema.objects["Contact"]
    kind = world.portal.store.kinds["contacts"]
    for name, (value, shown) in STANDING.items():
        salesforce, hubspot = TYPES.get(name, ("string", "string"))
        label = f"Bonus-malus: our {name}"
        choices = {"values": [value], "labels": [shown]} if salesforce == "picklist" else {}
        scale = {"scale": 2} if name in {"Coefficient", "Expected"} else {}
        contact.add(make_field(f"BonusMalus_{name}__c", type=salesforce, label=label, **choices, **scale))
        options = (Option(value, shown),) if hubspot == "enumeration" else ()
        definition = Definition(
            f"bonus_malus_{name.lower()}", label, hubspot, "text", "contactinformation", options=options
        )
        world.portal.store.define(kind, definition)


class Site:
    """A small company with our fields, scored for one contact of each CRM and for no other."""

    def __init__(self, url, world, paths) -> None:
        self.url, self.world, self.paths = url, world, paths

    def get(self, path):
        return requests.get(self.url + path, timeout=60)

    def page(self, path):
        answer = self.get(path)
        assert answer.status_code == 200
        return html.fromstring(answer.text)


@pytest.fixture(scope="module")
def site():
    world = World()
    company = Company(customers=60)
    ids = populate(world, company)
    define_our_fields(world)
    twins = [who for who in map(company.customer, range(60)) if who.twin == "e-mail"]
    scored, unscored = twins[:2]
    org, portal = world.org, world.portal
    org.update(
        "Contact",
        ids[scored.salesforce],
        {f"BonusMalus_{name}__c": value for name, (value, _) in STANDING.items()},
    )
    portal.update(
        "contacts",
        ids[scored.hubspot],
        {f"bonus_malus_{name.lower()}": value for name, (value, _) in STANDING.items()},
    )
    sale = next(row for row in org.rows("Order") if row["BillToContactId"])
    reduction = {"Status": "Activated", "IsReductionOrder": True, "OriginalOrderId": sale["Id"], "TotalAmount": -1}
    org.insert("Order", {name: sale[name] for name in ("AccountId", "BillToContactId", "EffectiveDate")} | reduction)
    hostile = org.insert("Contact", {"LastName": HOSTILE[:80], "Title": HOSTILE})
    hostile_too = portal.create("contacts", {"lastname": HOSTILE, "bonus_malus_reasons": HOSTILE})
    paths = {
        "salesforce": f"/sandbox/salesforce/Contact/{ids[scored.salesforce]}",
        "hubspot": f"/sandbox/hubspot/contacts/{ids[scored.hubspot]}",
        "salesforce unscored": f"/sandbox/salesforce/Contact/{ids[unscored.salesforce]}",
        "hubspot unscored": f"/sandbox/hubspot/contacts/{ids[unscored.hubspot]}",
        "salesforce hostile": f"/sandbox/salesforce/Contact/{hostile}",
        "hubspot hostile": f"/sandbox/hubspot/contacts/{hostile_too}",
    }
    with Server(create_app(world)) as server:
        yield Site(server.url, world, paths)


def section(page):
    return page.xpath("//section[@aria-labelledby='bonus']")[0]


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_the_section_shows_our_fields_by_their_labels_without_repeating_its_heading(site, crm):
    shown = section(site.page(site.paths[crm])).text_content()
    for name, (_, value) in STANDING.items():
        assert f"Our {name}" in shown
        assert value in shown
    assert "Bonus-malus:" not in shown
    assert "customers@4f2a91c0" in shown


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_the_coefficient_always_has_two_decimals_and_the_gauge_says_it_aloud(site, crm):
    shown = section(site.page(site.paths[crm]))
    assert shown.xpath(".//p[@class='figure']")[0].text_content().endswith("0.95")
    (drawing,) = shown.xpath(".//svg[@role='img']")
    assert drawing.get("aria-label") == (
        "Coefficient 0.95 on a scale from 0.50 to 3.50, 0.90 expected at the next review"
    )


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_reasons_are_a_list_and_the_history_is_a_table(site, crm):
    shown = section(site.page(site.paths[crm]))
    assert [one.text_content() for one in shown.xpath(".//ul/li")] == [
        "Invoice 1042 paid 44 days late, 3 Jun 2025: ×1.125.",
        "12 orders paid: +120 points.",
    ]
    rows = [[cell.text_content() for cell in row.xpath("td")] for row in shown.xpath(".//tbody/tr")]
    assert rows == [["12 Mar 2026", "0.95"], ["12 Mar 2025", "0.85"]]


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_a_contact_that_is_not_scored_says_so_kindly(site, crm):
    shown = section(site.page(site.paths[f"{crm} unscored"]))
    assert "Not scored yet" in shown.text_content()
    assert not shown.xpath(".//svg[@role='img']")


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_whatever_a_record_holds_is_shown_and_never_done(site, crm):
    answer = site.get(site.paths[f"{crm} hostile"])
    page = html.fromstring(answer.text)
    assert not page.xpath("//script | //img | //@onerror")
    assert page.xpath("//h1")[0].text_content().strip() == (HOSTILE[:80] if crm == "salesforce" else HOSTILE)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    listed = html.fromstring(site.get(f"/sandbox/?q={requests.utils.quote(HOSTILE[:30])}").text)
    assert not listed.xpath("//script | //img | //@onerror")
    assert "alert('x')" in listed.text_content()


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_activities_of_every_kind_are_listed_newest_first(site, crm):
    kinds, orders = set(), []
    for one in (
        list(site.world.org.rows("Contact")) if crm == "salesforce" else list(site.world.portal.rows("contacts"))
    ):
        place = f"salesforce/Contact/{one['Id']}" if crm == "salesforce" else f"hubspot/contacts/{one['id']}"
        page = site.page(f"/sandbox/{place}")
        kinds |= {cell.text_content() for cell in page.xpath("//span[@class='kind']")}
        orders.append([cell.text_content() for cell in page.xpath("//td[@class='date']")])
    expected = {
        "salesforce": {"Opportunity", "Order", "Reduction order", "Invoice", "Case", "Task", "Event"},
        "hubspot": {"Deal", "Order", "Invoice", "Ticket", "Call", "Meeting", "Note", "Task"},
    }
    assert expected[crm] <= kinds
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    for written in orders:
        days = [(int(y), months.index(m), int(d)) for d, m, y in map(str.split, written)]
        assert days == sorted(days, reverse=True)
    assert max(map(len, orders)) > 5


def test_the_list_finds_by_every_word_in_name_e_mail_or_id(site):
    row = next(row for row in site.world.org.rows("Contact") if row["Email"] and row["FirstName"])
    for words in (f"{row['LastName']} {row['FirstName'][:3]}", row["Email"].upper(), row["Id"]):
        found = site.page(f"/sandbox/?q={requests.utils.quote(words)}")
        assert f"/sandbox/salesforce/Contact/{row['Id']}" in found.xpath("//tbody//a/@href")
    assert "No contact for “nobody at all”" in site.page("/sandbox/?q=nobody+at+all").text_content()


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_the_list_shows_coefficient_and_tier_as_the_record_does(site, crm):
    contact = site.paths[crm].rpartition("/")[2]
    (row,) = site.page(f"/sandbox/?crm={crm}&q={contact}").xpath("//tbody/tr")
    assert [cell.text_content().strip() for cell in row.xpath("td")][2:] == ["0.95", "Silver"]


def test_the_list_narrows_to_one_crm_and_goes_on_page_by_page(site):
    only = site.page("/sandbox/?crm=hubspot").xpath("//tbody//a/@href")
    assert only
    assert all(path.startswith("/sandbox/hubspot/") for path in only)
    first, second = (site.page(f"/sandbox/?page={n}").xpath("//tbody//a/@href") for n in (1, 2))
    assert len(first) == 50
    assert second
    assert not set(first) & set(second)


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999", "٣"])
def test_a_page_number_that_is_none_harms_nobody(site, page):
    assert site.get(f"/sandbox/?page={page}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/sandbox/salesforce/Contact/003", "/sandbox/hubspot/contacts/1", "/sandbox/hubspot/contacts/²"]
)
def test_a_record_that_is_not_there_is_status_404_in_words(site, path):
    answer = site.get(path)
    assert answer.status_code == 404
    assert "There is no such record" in answer.text


def test_pages_need_nothing_from_elsewhere_and_name_their_language(site):
    for path in ("/sandbox/", site.paths["salesforce"], site.paths["hubspot"]):
        text = site.get(path).text
        assert not re.search(r"(src|href)=.?(https?:)?//|@import|url\(", text)
        assert html.fromstring(text).get("lang") == "en"


def test_the_address_without_a_slash_leads_to_the_list(site):
    assert site.get("/sandbox").url.endswith("/sandbox/")


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("BonusMalus_Tier__c", True),
        ("BonusMalus_Previous_Tier__c", True),
        ("bonus_malus_tier", True),
        ("Tier__c", False),
        ("my_bonus_malus_tier", False),
    ],
)
def test_our_fields_are_known_by_the_words_their_names_begin_with(name, ours):
    assert is_ours(name) is ours


def test_a_card_needs_at_least_one_value():
    empty = Field("bonus_malus_tier", "Tier", "", "")
    assert card([]) is None
    assert card([empty]) is None
    assert card([replace(empty, value="silver", shown="Silver")]) is not None


def test_a_section_whose_labels_are_french_is_french_down_to_its_dates_and_decimals():
    values = {"Coefficient": "0.95", "Expected": "0.9", "Next_Review": "2027-08-12", "History": "2026-03-12 0,95"}
    fields = [Field(f"BonusMalus_{name}__c", f"Bonus-malus : {name}", value, value) for name, value in values.items()]
    made = card([*fields, Field("BonusMalus_Computed_At__c", "Bonus-malus : calculé le", "2026-11-22T08:00:00Z", "")])
    assert (made.language, made.get("coefficient").shown, made.get("expected").shown) == ("fr", "0,95", "0,90")
    assert made.get("nextreview").shown == "12 août 2027"
    assert made.get("computedat").shown == "22 nov. 2026, 08:00 UTC"
    assert made.gauge_label == ("Coefficient 0,95 sur une échelle de 0,50 à 3,50, 0,90 attendu à la prochaine échéance")
    assert [set(words) for words in WORDS.values()] == [set(WORDS["en"])] * 2


def test_a_history_with_a_day_that_never_was_loses_only_that_line():
    shown = card([Field("bonus_malus_history", "History", "2026-02-30 0.95; 2025-03-12 0.85", "")])
    assert [coefficient for _, coefficient in shown.history] == ["0.85"]


def test_a_date_in_french_does_not_end_a_reason():
    text = "Facture 1042 payée avec 44 jours de retard, 3 févr. 2025 : ×1,125. 12 commandes payées : +120 points."
    shown = card([Field("bonus_malus_reasons", "Raisons", text, text)])
    assert shown.reasons == (
        "Facture 1042 payée avec 44 jours de retard, 3 févr. 2025 : ×1,125.",
        "12 commandes payées : +120 points.",
    )


def test_equal_factors_are_equal_steps_on_the_gauge():
    half, one, two = (gauge(Decimal(value), None).coefficient.outer for value in ("0.5", "1", "2"))
    assert (half.x - one.x) ** 2 + (half.y - one.y) ** 2 == pytest.approx(
        (two.x - one.x) ** 2 + (two.y - one.y) ** 2, rel=0.01
    )


def test_beyond_the_ends_the_hand_stands_at_the_end():
    assert gauge(Decimal("9.99"), None).coefficient == gauge(Decimal("3.50"), None).coefficient
    assert gauge(Decimal("0.01"), None).coefficient == gauge(Decimal("0.50"), None).coefficient


STYLE_COLOURS = re.compile(r"--(\w+): (#[0-9a-f]{3,6})")


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_has_the_contrast_of_wcag_aa_in_both_looks(site):
    style = site.page("/sandbox/").xpath("//style")[0].text
    for block in re.findall(r"(?:^:root|^\.hubspot) \{([^}]*)\}", style, re.MULTILINE):
        colours = dict(STYLE_COLOURS.findall(block))
        for ink in ("ink", "soft", "accent", *({"good", "bad"} & colours.keys())):
            for ground in ("card", "ground"):
                light, dark = luminance(colours.get(ground, "#fff")), luminance(colours[ink])
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
