// Our text fields taken apart: reasons into sentences, the history into reviews.
// French dates have full stops of their own: 3 févr. 2025.
const MONTH = /(?:^|\s)(?:janv|févr|avr|juil|sept|oct|nov|déc)\.$/u;
const REVIEW = /(\d{4})-(\d\d)-(\d\d)\s+(\d+)[.,](\d\d)/gu;

/** One reason a line, as written; a text of one line is parted after its full stops. */
export function sentences(text) {
    const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
    if (lines.length > 1) {
        return lines;
    }
    const found = [];
    let open = "";
    for (const part of (lines[0] ?? "").split(/(\s+)/u)) {
        const ended = /[.!]$/u.test(open) && !MONTH.test(open);
        if (ended && part.trim() && !/^[a-z]/u.test(part)) {
            found.push(open);
            open = part;
        } else if (!ended || part.trim()) {
            open = ended ? `${open} ${part}` : open + part;
        }
    }
    return open ? [...found, open] : found;
}

/** The reviews of «2026-03-12 0.95; 2025-03-12 0.85», newest first as written: date in UTC and coefficient. */
export function reviews(text) {
    return [...text.matchAll(REVIEW)]
        .map(([key, year, month, day, whole, part]) => ({
            key,
            on: new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))),
            coefficient: Number(`${whole}.${part}`)
        }));
}
