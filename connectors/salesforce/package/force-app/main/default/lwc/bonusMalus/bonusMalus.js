import { LightningElement, api, wire } from "lwc";
import { getRecord, getFieldDisplayValue, getFieldValue } from "lightning/uiRecordApi";
import LOCALE from "@salesforce/i18n/locale";
import COEFFICIENT from "@salesforce/schema/Contact.BonusMalus_Coefficient__c";
import EXPECTED from "@salesforce/schema/Contact.BonusMalus_Expected__c";
import TIER from "@salesforce/schema/Contact.BonusMalus_Tier__c";
import PREVIOUS_TIER from "@salesforce/schema/Contact.BonusMalus_Previous_Tier__c";
import POINTS from "@salesforce/schema/Contact.BonusMalus_Points__c";
import PRICE_ADJUSTMENT from "@salesforce/schema/Contact.BonusMalus_Price_Adjustment__c";
import TREND from "@salesforce/schema/Contact.BonusMalus_Trend__c";
import REASONS from "@salesforce/schema/Contact.BonusMalus_Reasons__c";
import WAY_BACK from "@salesforce/schema/Contact.BonusMalus_Way_Back__c";
import NEXT_REVIEW from "@salesforce/schema/Contact.BonusMalus_Next_Review__c";
import STATUS from "@salesforce/schema/Contact.BonusMalus_Status__c";
import HISTORY from "@salesforce/schema/Contact.BonusMalus_History__c";
import COMPUTED_AT from "@salesforce/schema/Contact.BonusMalus_Computed_At__c";
import title from "@salesforce/label/c.BonusMalus_Title";
import coefficient from "@salesforce/label/c.BonusMalus_Coefficient";
import scale from "@salesforce/label/c.BonusMalus_Scale";
import expected from "@salesforce/label/c.BonusMalus_Expected";
import tier from "@salesforce/label/c.BonusMalus_Tier";
import previousTier from "@salesforce/label/c.BonusMalus_Previous_Tier";
import points from "@salesforce/label/c.BonusMalus_Points";
import priceAdjustment from "@salesforce/label/c.BonusMalus_Price_Adjustment";
import trend from "@salesforce/label/c.BonusMalus_Trend";
import reasons from "@salesforce/label/c.BonusMalus_Reasons";
import wayBack from "@salesforce/label/c.BonusMalus_Way_Back";
import nextReview from "@salesforce/label/c.BonusMalus_Next_Review";
import status from "@salesforce/label/c.BonusMalus_Status";
import history from "@salesforce/label/c.BonusMalus_History";
import review from "@salesforce/label/c.BonusMalus_Review";
import computedAt from "@salesforce/label/c.BonusMalus_Computed_At";
import loading from "@salesforce/label/c.BonusMalus_Loading";
import empty from "@salesforce/label/c.BonusMalus_Empty";
import hidden from "@salesforce/label/c.BonusMalus_Hidden";
import { gauge } from "./gauge";
import { reviews, sentences } from "./words";

const LABELS = {
    title,
    coefficient,
    scale,
    expected,
    tier,
    previousTier,
    points,
    priceAdjustment,
    trend,
    reasons,
    wayBack,
    nextReview,
    status,
    history,
    review,
    computedAt,
    loading,
    empty,
    hidden
};
const FIELDS = [
    COEFFICIENT,
    EXPECTED,
    TIER,
    PREVIOUS_TIER,
    POINTS,
    PRICE_ADJUSTMENT,
    TREND,
    REASONS,
    WAY_BACK,
    NEXT_REVIEW,
    STATUS,
    HISTORY,
    COMPUTED_AT
];
const ARROWS = { improving: "\u2197", stable: "\u2192", worsening: "\u2198" };
const NOTHING = "\u2014";

/** The bonus-malus section of a contact, read through the UI API as the user who looks at it. */
export default class BonusMalus extends LightningElement {
    @api recordId;
    labels = LABELS;
    record;
    failed = false;

    // Optional: a field that the user may not see is left out instead of failing the whole section.
    @wire(getRecord, { recordId: "$recordId", optionalFields: FIELDS })
    receive({ data, error }) {
        this.record = data;
        this.failed = Boolean(error);
    }

    get loading() {
        return !this.record && !this.failed;
    }

    get hidden() {
        return this.failed || (Boolean(this.record) && !FIELDS.some((field) => this.kept(field) !== undefined));
    }

    get empty() {
        return Boolean(this.record) && !this.hidden && this.coefficient === null;
    }

    get scored() {
        return Boolean(this.record) && this.coefficient !== null;
    }

    get coefficient() {
        return this.kept(COEFFICIENT) ?? null;
    }

    get expected() {
        return this.kept(EXPECTED) ?? null;
    }

    get figure() {
        return decimals(this.coefficient);
    }

    get expectedFigure() {
        return this.expected === null ? NOTHING : decimals(this.expected);
    }

    get gauge() {
        const drawn = gauge(this.coefficient, this.expected);
        return { ...drawn, marks: drawn.marks.map((mark) => ({ ...mark, text: decimals(mark.value) })) };
    }

    get ends() {
        return { low: decimals(0.5), high: decimals(3.5) };
    }

    get gaugeLabel() {
        const now = `${LABELS.coefficient} ${this.figure} ${LABELS.scale}`;
        return this.expected === null ? now : `${now}; ${LABELS.expected}: ${this.expectedFigure}`;
    }

    get trend() {
        const value = this.kept(TREND);
        return value ? { arrow: ARROWS[value] ?? "", text: this.shown(TREND), style: `trend ${value}` } : null;
    }

    get tierStyle() {
        return `tier ${String(this.kept(TIER) ?? "").toLowerCase()}`;
    }

    get tiles() {
        return [
            { key: "tier", label: LABELS.tier, text: this.shown(TIER), style: this.tierStyle },
            { key: "points", label: LABELS.points, text: this.number(POINTS), style: "big" },
            { key: "previous", label: LABELS.previousTier, text: this.shown(PREVIOUS_TIER), style: "" },
            { key: "price", label: LABELS.priceAdjustment, text: this.percent(PRICE_ADJUSTMENT), style: "big" }
        ];
    }

    get reasons() {
        return sentences(this.kept(REASONS) ?? "").map((text, place) => ({ key: String(place), text }));
    }

    get hasReasons() {
        return this.reasons.length > 0;
    }

    get wayBack() {
        return this.kept(WAY_BACK) ?? "";
    }

    get nextReview() {
        return this.shown(NEXT_REVIEW);
    }

    get status() {
        return this.shown(STATUS);
    }

    get computedAt() {
        return this.kept(COMPUTED_AT) ? this.shown(COMPUTED_AT) : "";
    }

    get history() {
        const day = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeZone: "UTC" });
        return reviews(this.kept(HISTORY) ?? "").map((each) => ({
            key: each.key,
            on: day.format(each.on),
            coefficient: decimals(each.coefficient)
        }));
    }

    get hasHistory() {
        return this.history.length > 0;
    }

    kept(field) {
        return getFieldValue(this.record, field);
    }

    shown(field) {
        return getFieldDisplayValue(this.record, field) ?? this.kept(field) ?? NOTHING;
    }

    number(field) {
        const value = this.kept(field);
        return value === null || value === undefined ? NOTHING : new Intl.NumberFormat(LOCALE).format(value);
    }

    percent(field) {
        const value = this.kept(field);
        const written = new Intl.NumberFormat(LOCALE, { style: "percent", signDisplay: "exceptZero" });
        return value === null || value === undefined ? NOTHING : written.format(value / 100);
    }
}

function decimals(value) {
    return new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
}
