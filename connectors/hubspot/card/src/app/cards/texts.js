// The card's own words. What stands in the properties is in the portal's language already.
export const TEXTS = {
  en: {
    coefficient: "Coefficient",
    scale: "on a scale from 0.50 to 3.50",
    expected: "Expected at the next review",
    expectedIs: (expected) => `Expected: ${expected}`,
    tierIs: (tier) => `Tier: ${tier}`,
    previousTier: "Previous tier",
    points: "Points",
    priceAdjustment: "Price adjustment",
    reasons: "Reasons",
    wayBack: "Way back",
    nextReview: "Next review",
    status: "Status",
    history: "Last reviews",
    computedAt: "Computed at",
    loading: "Loading the bonus-malus",
    emptyTitle: "Not scored yet",
    empty: "The coefficient, the tier and the reasons appear here after the first sync.",
    failedTitle: "The bonus-malus cannot be read",
    failed: "Ask your administrator whether you may see the properties of the group Bonus-Malus.",
    trends: { improving: "Improving", stable: "Stable", worsening: "Worsening" },
    statuses: {
      active: "Active",
      "short history": "Short history",
      contested: "Contested",
      adjusted: "Adjusted",
      frozen: "Frozen",
    },
    tiers: { Basic: "Basic", Silver: "Silver", Gold: "Gold", Platinum: "Platinum" },
  },
  fr: {
    coefficient: "Coefficient",
    scale: "sur une échelle de 0,50 à 3,50",
    expected: "Attendu à la prochaine échéance",
    expectedIs: (attendu) => `Attendu : ${attendu}`,
    tierIs: (palier) => `Palier : ${palier}`,
    previousTier: "Palier précédent",
    points: "Points",
    priceAdjustment: "Ajustement de prix",
    reasons: "Motifs",
    wayBack: "Retour",
    nextReview: "Prochaine échéance",
    status: "Statut",
    history: "Dernières échéances",
    computedAt: "Calculé le",
    loading: "Chargement du bonus-malus",
    emptyTitle: "Pas encore noté",
    empty: "Le coefficient, le palier et les motifs apparaissent ici après la première synchronisation.",
    failedTitle: "Le bonus-malus ne peut pas être lu",
    failed: "Demandez à votre administrateur si vous pouvez voir les propriétés du groupe Bonus-Malus.",
    trends: { improving: "En amélioration", stable: "Stable", worsening: "En dégradation" },
    statuses: {
      active: "Actif",
      "short history": "Historique court",
      contested: "Contesté",
      adjusted: "Ajusté",
      frozen: "Gelé",
    },
    tiers: { Basic: "Base", Silver: "Argent", Gold: "Or", Platinum: "Platine" },
  },
};

/** The words for a user's locale, such as `fr-fr`; English where there are none of its own. */
export function textsFor(locale) {
  const language = (locale ?? "en").slice(0, 2).toLowerCase();
  return TEXTS[language] ?? TEXTS.en;
}
