#!/usr/bin/env node
// A first program:  glovebox run examples/hello.js [NAME]
const [name = "world"] = process.argv.slice(2);
console.log(`Hello, ${name}, from Node ${process.version} in a sandbox!`);
