"""The record page in a real browser: it renders, says what the record says, and complains of nothing."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.pictures import picture

expect.set_options(timeout=30_000)  # as all else here waits; the five seconds it has are few on a busy machine
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)")
@pytest.mark.parametrize(("language", "way_back"), [("en", "Way back"), ("fr", "Retour")])
def test_a_rep_reads_the_standing_on_the_record_of_both_crms(site, command, language, way_back):
    settings = site.settings.read_text("utf-8")
    site.settings.write_text(f'language = "{language}"\n{settings}', "utf-8")
    command("fields", "apply")
    command("sync")
    contact = next(row for row in site.world.org.rows("Contact") if not row["IsDeleted"])
    person = next(iter(site.world.portal.rows("contacts")))
    pages = {
        f"/sandbox/salesforce/Contact/{contact['Id']}": contact["BonusMalus_Coefficient__c"],
        f"/sandbox/hubspot/contacts/{person['id']}": person["bonus_malus_coefficient"],
    }
    complaints: list[str] = []
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1180, "height": 980})
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for path, coefficient in pages.items():
            page.goto(site.url + path)
            gauge = page.get_by_role("img").first.get_attribute("aria-label") or ""
            assert f"{float(coefficient):.2f}".replace(".", "," if language == "fr" else ".") in gauge
            expect(page.get_by_role("heading", name=way_back)).to_be_visible()
        rows = site.world.org.rows("Contact")
        told = [row for row in rows if row["BonusMalus_Trend__c"] == "worsening" and "@example" in (row["Email"] or "")]
        richest = max(
            told,
            key=lambda row: (row["BonusMalus_Tier__c"] != "Basic", row["BonusMalus_History__c"].count(";"), row["Id"]),
        )
        page.goto(f"{site.url}/sandbox/salesforce/Contact/{richest['Id']}")
        picture(page, "record" if language == "en" else f"record.{language}")
        page.goto(site.url + "/sandbox/")
        page.get_by_role("searchbox").fill(contact["Name"])
        page.get_by_role("button", name="Search").click()
        # A click ends before the page that it leads to is there: `is_visible` would ask the page as it is now, once.
        expect(page.get_by_role("link", name=contact["Name"]).first).to_be_visible()
        browser.close()
    assert complaints == []
