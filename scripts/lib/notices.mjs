/**
 * @module
 * The licenses of the packages whose code is inside the bundle.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @param {string} root Folder that the input paths are relative to.
 * @param {readonly string[]} inputs Files that a bundler read.
 * @param {string} what Begins the sentence that names where their code is.
 * @returns {string} One section per package: name, version, license, its license file.
 */
export function thirdPartyNotices(root, inputs, what) {
  const folders = new Set();
  for (const input of inputs) {
    const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  const sections = [...folders].sort().map((folder) => notice(join(root, folder)));
  return `${what} code of these packages.\n\n${sections.join("\n")}`;
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8").trim();
  return `---- ${name} ${version} (${license})\n\n${text}\n`;
}
