import React from "react";
import { expect, test } from "vitest";
import {
  DescriptionListItem,
  EmptyState,
  ErrorState,
  List,
  LoadingSpinner,
  ProgressBar,
  StatisticsItem,
  StatisticsTrend,
  TableCell,
  Tag,
  Text,
} from "@hubspot/ui-extensions";
import { createRenderer } from "@hubspot/ui-extensions/testing";
import { BonusMalusCard, PROPERTIES } from "card/BonusMalusCard.jsx";
import { day, place, sentences } from "card/reading.js";
import { TEXTS } from "card/texts.js";

const VALUES = {
  bonus_malus_coefficient: "0.95",
  bonus_malus_expected: "0.9",
  bonus_malus_tier: "Silver",
  bonus_malus_previous_tier: "Gold",
  bonus_malus_points: "340",
  bonus_malus_price_adjustment: "-7",
  bonus_malus_trend: "improving",
  bonus_malus_reasons:
    "Invoice 1042 paid 44 days late, 3 Jun 2025: ×1.125. 12 orders paid: +120 points. 2 reviews without incident: 0.95.",
  bonus_malus_way_back: "Review of 12 Mar 2027 without incident: 0.90; Gold needs 250 points and 0.90.",
  bonus_malus_next_review: "1804809600000",
  bonus_malus_status: "active",
  bonus_malus_history: "2026-03-12 0.95; 2025-03-12 0.85",
  bonus_malus_computed_at: "1795334400000",
};

function shown({ values = VALUES, locale = "en", state = {} } = {}) {
  const renderer = createRenderer("crm.record.sidebar");
  renderer.mocks.useCrmProperties.willCall((names) => {
    expect(names).toEqual(PROPERTIES);
    return { properties: values, error: null, isLoading: false, isRefetching: false, refetch: async () => {}, ...state };
  });
  renderer.render(<BonusMalusCard context={{ user: { locale } }} />);
  return renderer;
}

const items = (renderer) =>
  Object.fromEntries(renderer.findAll(DescriptionListItem).map((each) => [each.props.label, each.find(Text).text]));

test("the coefficient has two decimals, though HubSpot drops a zero at the end", () => {
  const renderer = shown({ values: { ...VALUES, bonus_malus_coefficient: "1" } });
  expect(renderer.find(StatisticsItem).props.number).toBe("1.00");
  expect(renderer.find(StatisticsTrend).props.value).toBe("Expected: 0.90");
});

test("the bar says its coefficient and its scale in words", () => {
  const bar = shown().find(ProgressBar);
  expect(bar.props.title).toBe("0.95 on a scale from 0.50 to 3.50");
  expect(bar.props.variant).toBe("success");
});

test("equal steps of the bar are equal factors, and beyond the ends it stands at the end", () => {
  expect([0.4, 0.5, Math.sqrt(1.75), 3.5, 9].map(place)).toEqual([0, 0, 50, 100, 100]);
});

test("tier and trend are tags, the rest is a list with its labels", () => {
  const renderer = shown();
  expect(renderer.findAll(Tag).map((each) => each.text)).toEqual(["Tier: Silver", "Improving"]);
  expect(items(renderer)).toEqual({
    "Expected at the next review": "0.90",
    "Next review": "Mar 12, 2027",
    Status: "Active",
    "Previous tier": "Gold",
    "Price adjustment": "-7%",
  });
});

test("there is one line a reason", () => {
  expect(shown().find(List).childNodes.map((each) => each.text)).toEqual([
    "Invoice 1042 paid 44 days late, 3 Jun 2025: ×1.125.",
    "12 orders paid: +120 points.",
    "2 reviews without incident: 0.95.",
  ]);
});

test("French dates stay whole", () => {
  expect(sentences("Facture 7 payée en retard, 3 févr. 2025 : ×1,125. 12 commandes payées.")).toEqual([
    "Facture 7 payée en retard, 3 févr. 2025 : ×1,125.",
    "12 commandes payées.",
  ]);
});

test("dates are read as milliseconds and as days, never shifted", () => {
  expect(day("1804809600000", "en")).toBe("Mar 12, 2027");
  expect(day("2027-03-12", "en")).toBe("Mar 12, 2027");
});

test("the last reviews are a table, the newest first", () => {
  expect(shown().findAll(TableCell).map((each) => each.text)).toEqual(["Mar 12, 2026", "0.95", "Mar 12, 2025", "0.85"]);
});

test("a French user reads French", () => {
  const renderer = shown({ locale: "fr-fr" });
  expect(renderer.find(StatisticsItem).props.number).toBe("0,95");
  expect(renderer.findAll(Tag).map((each) => each.text)).toEqual(["Palier : Argent", "En amélioration"]);
});

test("a contact without values says that it is not scored yet", () => {
  expect(shown({ values: {} }).find(EmptyState).props.title).toBe("Not scored yet");
});

test("loading and failing are said in words", () => {
  expect(shown({ state: { isLoading: true } }).find(LoadingSpinner).props.label).toBe("Loading the bonus-malus");
  expect(shown({ state: { error: new Error("no") } }).find(ErrorState).props.title).toBe("The bonus-malus cannot be read");
});

test("every text exists in both languages", () => {
  const keys = (texts, before = "") =>
    Object.entries(texts).flatMap(([key, value]) =>
      typeof value !== "object" ? [before + key] : keys(value, `${before}${key}.`),
    );
  expect(keys(TEXTS.fr)).toEqual(keys(TEXTS.en));
});
