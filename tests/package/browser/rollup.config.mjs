// The Lightning component as a script for a page: compiled by the vendor's compiler, with what the platform provides.
// LANGUAGE chooses the custom labels, OUT is where the script goes; the page says in `record` what the UI API answers.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const lwc = require("@lwc/rollup-plugin");
const HERE = import.meta.dirname;
const PACKAGE = path.resolve(HERE, "../../../connectors/salesforce/package");
const { LANGUAGE, OUT } = process.env;

const MODULES = {
    lwc: require.resolve("@lwc/engine-dom/dist/index.js"),
    "@lwc/synthetic-shadow": require.resolve("@lwc/synthetic-shadow/dist/index.js")
};

const LABEL = /<fullName>([^<]+)<\/fullName>[\s\S]*?<value>([^<]*)<\/value>/gu;
const TRANSLATION = /<label>([^<]*)<\/label>\s*<name>([^<]+)<\/name>/gu;

function labels() {
    const english = fs.readFileSync(`${PACKAGE}/force-app/main/default/labels/CustomLabels.labels-meta.xml`, "utf8");
    const found = new Map([...english.matchAll(LABEL)].map(([, name, value]) => [name, value]));
    if (LANGUAGE === "fr") {
        const french = fs.readFileSync(`${PACKAGE}/french/main/default/translations/fr.translation-meta.xml`, "utf8");
        for (const [, value, name] of french.matchAll(TRANSLATION)) {
            found.set(name, value);
        }
    }
    return found;
}

const UI_API = `
const field = (record, name) => record?.fields?.[name.fieldApiName];
export const getFieldValue = (record, name) => field(record, name)?.value;
export const getFieldDisplayValue = (record, name) => field(record, name)?.displayValue;
export class getRecord {
    constructor(callback) { this.callback = callback; }
    connect() {}
    disconnect() {}
    update() { this.callback({ data: window.record, error: undefined }); }
}
`;

function platform() {
    const texts = labels();
    return {
        name: "platform",
        resolveId: (id) => (/^(@salesforce|lightning|platform)[/:]/u.test(id) ? `\0${id}` : null),
        load(id) {
            if (!id.startsWith("\0")) {
                return null;
            }
            const name = id.slice(1);
            if (name === "lightning/uiRecordApi") {
                return UI_API;
            }
            if (name === "@salesforce/i18n/locale") {
                return `export default ${JSON.stringify(LANGUAGE)};`;
            }
            if (name.startsWith("@salesforce/label/c.")) {
                const label = texts.get(name.slice("@salesforce/label/c.".length));
                if (label === undefined) {
                    throw new Error(`no custom label ${name}`);
                }
                return `export default ${JSON.stringify(label)};`;
            }
            const [objectApiName, fieldApiName] = name.slice("@salesforce/schema/".length).split(".");
            return `export default ${JSON.stringify({ objectApiName, fieldApiName })};`;
        }
    };
}

// The engine's development mode: it complains of what the platform would only show in its own debug mode.
const INTRO = 'const process = { env: { NODE_ENV: "development" } };';

export default {
    input: path.join(HERE, "main.js"),
    output: { file: OUT, format: "iife", inlineDynamicImports: true, intro: INTRO },
    onwarn(warning) {
        throw new Error(warning.message);
    },
    plugins: [
        platform(),
        {
            name: "modules",
            resolveId: (id) =>
                MODULES[id] ?? null
        },
        lwc({
            rootDir: path.join(PACKAGE, "force-app/main/default/lwc"),
            modules: [{ name: "c/bonusMalus", path: `${PACKAGE}/force-app/main/default/lwc/bonusMalus/bonusMalus.js` }]
        })
    ]
};
