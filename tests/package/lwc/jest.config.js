// Run with the package's folder as the working directory: that is where sfdx-project.json stands.
const path = require("path");
const { jestConfig } = require("@salesforce/sfdx-lwc-jest/config");

const ROOT = path.resolve(__dirname, "../../..");

module.exports = {
    ...jestConfig,
    rootDir: ROOT,
    roots: [__dirname, path.join(ROOT, "connectors/salesforce/package")],
    modulePaths: [path.join(__dirname, "../node_modules")],
    testMatch: [path.join(__dirname, "*.test.js")],
    collectCoverageFrom: []
};
