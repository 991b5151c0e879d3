// The properties as they are read on the card: numbers and dates of the user, reasons as sentences, the history as rows.
const LOWEST = 0.5;
const HIGHEST = 3.5;
// French dates have full stops of their own: 3 févr. 2025.
const MONTH = /(?:^|\s)(?:janv|févr|avr|juil|sept|oct|nov|déc)\.$/u;
const REVIEW = /(\d{4}-\d\d-\d\d)\s+(\d+)[.,](\d\d)/gu;

/** A coefficient's place between 0.50 and 3.50, from 0 to 100: equal steps are equal factors, as it multiplies. */
export function place(coefficient) {
  const inside = Math.min(Math.max(coefficient, LOWEST), HIGHEST);
  return Math.round((100 * Math.log(inside / LOWEST)) / Math.log(HIGHEST / LOWEST));
}

/** A coefficient as it is always written: 0.95, 0,95. */
export function decimals(value, locale) {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(Number(value));
}

/** A date property as a day. HubSpot hands over milliseconds at midnight UTC, or a date. */
export function day(value, locale) {
  const at = /^-?\d+$/u.test(value) ? new Date(Number(value)) : new Date(value);
  return Number.isNaN(at.getTime())
    ? value
    : new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(at);
}

/** One reason a line, as written; a text of one line is parted after its full stops. */
export function sentences(text) {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  if (lines.length > 1) {
    return lines;
  }
  const found = [];
  let open = "";
  for (const word of (lines[0] ?? "").split(/\s+/u).filter(Boolean)) {
    if (/[.!]$/u.test(open) && !MONTH.test(open) && !/^[a-z]/u.test(word)) {
      found.push(open);
      open = word;
    } else {
      open = open ? `${open} ${word}` : word;
    }
  }
  return open ? [...found, open] : found;
}

/** The reviews of «2026-03-12 0.95; 2025-03-12 0.85», as written. */
export function reviews(text) {
  return [...text.matchAll(REVIEW)].map(([key, on, whole, part]) => ({ key, on, coefficient: `${whole}.${part}` }));
}
