const lwc = require("@salesforce/eslint-config-lwc");

module.exports = [
    ...lwc.configs.recommended.map((config) => ({
        ...config,
        files: ["connectors/salesforce/package/force-app/**/*.js"]
    }))
];
