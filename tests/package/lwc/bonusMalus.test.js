import { createElement } from "lwc";
import BonusMalus from "c/bonusMalus";
import { getRecord } from "lightning/uiRecordApi";

const VALUES = {
    Coefficient: [0.95, null],
    Expected: [0.9, null],
    Tier: ["Silver", "Silver"],
    Previous_Tier: ["Gold", "Gold"],
    Points: [340, null],
    Price_Adjustment: [-7, null],
    Trend: ["improving", "Improving"],
    Reasons: [
        "Invoice 1042 paid 44 days late, 3 Jun 2025: ×1.125. 12 orders paid: +120 points. 2 reviews without incident: 0.95.",
        null
    ],
    Way_Back: ["Review of 12 Mar 2027 without incident: 0.90; Gold needs 250 points and 0.90.", null],
    Next_Review: ["2027-03-12", "12/03/2027"],
    Status: ["active", "Active"],
    History: ["2026-03-12 0.95; 2025-03-12 0.85", null],
    Computed_At: ["2026-11-22T08:00:00Z", "22/11/2026 09:00"]
};

function record(changes = {}) {
    const fields = Object.entries({ ...VALUES, ...changes }).map(([name, [value, displayValue]]) => [
        `BonusMalus_${name}__c`,
        { value, displayValue }
    ]);
    return { apiName: "Contact", id: "003000000000001AAA", fields: Object.fromEntries(fields) };
}

async function shown(data) {
    const element = createElement("c-bonus-malus", { is: BonusMalus });
    element.recordId = "003000000000001AAA";
    document.body.appendChild(element);
    if (data) {
        getRecord.emit(data);
    }
    await Promise.resolve();
    return element.shadowRoot;
}

const text = (root, selector) => root.querySelector(selector)?.textContent.replace(/\s+/gu, " ").trim();
const texts = (root, selector) => [...root.querySelectorAll(selector)].map((each) => each.textContent.trim());

afterEach(() => {
    document.body.replaceChildren();
});

describe("c-bonus-malus", () => {
    it("says that it is loading until the record is there", async () => {
        expect(text(await shown(null), "[role=status]")).toBe("c.BonusMalus_Loading");
    });

    it("tells those who cannot see the gauge what it shows", async () => {
        const root = await shown(record());
        const label = root.querySelector("svg[role=img]").getAttribute("aria-label");
        expect(label).toBe(
            "c.BonusMalus_Coefficient 0.95 c.BonusMalus_Scale; c.BonusMalus_Expected: 0.90"
        );
    });

    it("shows tier, points, trend, way back and next review as the CRM writes them", async () => {
        const root = await shown(record());
        expect(texts(root, ".tiles dd")).toEqual(["Silver", "340", "Gold", "-7%"]);
        expect(text(root, ".trend")).toContain("Improving");
        expect(text(root, ".way")).toContain("Review of 12 Mar 2027");
        expect(texts(root, ".rows dd")).toEqual(["12/03/2027", "Active"]);
    });

    it("parts the reasons after their full stops, not inside numbers or dates", async () => {
        expect(texts(await shown(record()), ".reasons li")).toEqual([
            "Invoice 1042 paid 44 days late, 3 Jun 2025: ×1.125.",
            "12 orders paid: +120 points.",
            "2 reviews without incident: 0.95."
        ]);
    });

    it("keeps French dates whole", async () => {
        const reasons = "Facture 7 payée avec 44 jours de retard, 3 févr. 2025 : ×1,125. 12 commandes payées : +120 points.";
        expect(texts(await shown(record({ Reasons: [reasons, null] })), ".reasons li")).toEqual([
            "Facture 7 payée avec 44 jours de retard, 3 févr. 2025 : ×1,125.",
            "12 commandes payées : +120 points."
        ]);
    });

    it("lists the last reviews, the newest first", async () => {
        const root = await shown(record());
        expect(texts(root, ".history td")).toEqual(["Mar 12, 2026", "0.95", "Mar 12, 2025", "0.85"]);
    });

    it("moves the hand to the right as the coefficient rises, by equal steps for equal factors", async () => {
        const place = async (value) =>
            Number((await shown(record({ Coefficient: [value, null] }))).querySelector(".now").getAttribute("x2"));
        const [low, middle, high] = [await place(0.5), await place(Math.sqrt(1.75)), await place(3.5)];
        expect(low).toBeLessThan(middle);
        expect(middle).toBeCloseTo(120, 0);
        expect(high).toBeGreaterThan(middle);
        expect(await place(9)).toBe(high);
    });

    it("shows a coefficient without an expected one", async () => {
        const root = await shown(record({ Expected: [null, null] }));
        expect(root.querySelector(".expected")).toBeNull();
        expect(text(root, ".next strong")).toBe("—");
    });

    it("says that nothing has been scored yet", async () => {
        const empty = Object.fromEntries(Object.keys(VALUES).map((name) => [name, [null, null]]));
        expect(text(await shown(record(empty)), ".message")).toBe("c.BonusMalus_Empty");
    });

    it("says which permission set is missing when no field is visible", async () => {
        expect(text(await shown({ apiName: "Contact", fields: {} }), "[role=alert]")).toBe("c.BonusMalus_Hidden");
    });

    it("says so too when the record cannot be read", async () => {
        const root = await shown(null);
        getRecord.error();
        await Promise.resolve();
        expect(text(root, "[role=alert]")).toBe("c.BonusMalus_Hidden");
    });
});
