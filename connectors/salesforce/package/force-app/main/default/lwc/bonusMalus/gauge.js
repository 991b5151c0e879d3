// The coefficient on an arc from 0.50 to 3.50, in a drawing 240 wide.
const LOWEST = 0.5;
const HIGHEST = 3.5;
const CENTRE = { x: 120, y: 112 };
const RADIUS = 92;
// A coefficient multiplies, so equal steps of the arc are equal factors: 1.00 is not lost at its left end.
const SPAN = Math.log(HIGHEST / LOWEST);
const BANDS = [
    { kind: "bonus", low: 0.5, high: 1 },
    { kind: "watch", low: 1, high: 1.5 },
    { kind: "malus", low: 1.5, high: 3.5 }
];

function at(value, radius) {
    const inside = Math.min(Math.max(value, LOWEST), HIGHEST);
    const angle = Math.PI * (1 - Math.log(inside / LOWEST) / SPAN);
    const rounded = (number) => Math.round(number * 10) / 10;
    return { x: rounded(CENTRE.x + radius * Math.cos(angle)), y: rounded(CENTRE.y - radius * Math.sin(angle)) };
}

function arc({ low, high }) {
    const begin = at(low, RADIUS);
    const end = at(high, RADIUS);
    return `M ${begin.x} ${begin.y} A ${RADIUS} ${RADIUS} 0 0 1 ${end.x} ${end.y}`;
}

/** Where the hands of a coefficient and of the expected one stand; beyond the ends they stand at the end. */
export function gauge(coefficient, expected) {
    return {
        bands: BANDS.map((band) => ({ key: band.kind, path: arc(band), style: `band ${band.kind}` })),
        inner: at(coefficient, RADIUS - 13),
        outer: at(coefficient, RADIUS + 11),
        expected: expected === null ? null : at(expected, RADIUS),
        marks: [1, 1.5].map((value) => ({ key: String(value), value, ...at(value, RADIUS + 16) }))
    };
}
