// The card's sources have no node_modules of their own in this repository: the tests' are used.
import path from "node:path";
import { defineConfig } from "vitest/config";

const HERE = import.meta.dirname;
const ROOT = path.resolve(HERE, "../../..");
const MODULES = path.resolve(HERE, "../node_modules");

export default defineConfig({
  root: ROOT,
  resolve: {
    alias: [
      { find: "card", replacement: path.join(ROOT, "connectors/hubspot/card/src/app/cards") },
      { find: /^react($|\/)/u, replacement: `${MODULES}/react$1` },
      { find: /^@hubspot\/ui-extensions$/u, replacement: `${MODULES}/@hubspot/ui-extensions/dist/index.js` },
      { find: /^@hubspot\/ui-extensions\/(crm|testing)$/u, replacement: `${MODULES}/@hubspot/ui-extensions/dist/$1/index.js` },
    ],
  },
  test: { include: ["tests/package/card/*.test.jsx"], cache: false },
});
