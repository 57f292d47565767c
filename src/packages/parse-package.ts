/**
 * @module
 * From the bytes of a package's file to what they say. To be loaded by those who need it: the parser and
 * the schema are large, and an approved package is kept as it was parsed.
 */
import type { z } from "zod";
import { isCollection, LineCounter, parseDocument, visit } from "yaml";
import { invalidRequest } from "../core/errors.ts";
import { showText, showValue } from "../util/show-value.ts";
import { parseWith } from "../util/zod-issues.ts";
import { packageFormat, packageSchema, type Package } from "./package.ts";
import { fromWhalebrew } from "./whalebrew.ts";

/** Of a package's file. */
export const maxPackageBytes = 1024 * 1024;

/**
 * The whole line: the kernel runs what it names, with the words in it, before anything is asked. Another
 * path, or a word more (`env -S bash -c … glovebox`), could be a program that nobody was shown.
 */
const shebang =
  /^#![ \t]*(?:\/usr\/bin\/env[ \t]+|\/usr\/(?:local\/)?bin\/)(glovebox|coderun|whalebrew|msh)[ \t]*(?:\n|$)/;

/** Whose format it is, by its first line; undefined: it is no package. */
export function kindOfPackage(text: string): "own" | "whalebrew" | "msh" | undefined {
  const [, program] = shebang.exec(text) ?? [];
  if (program === undefined) return undefined;
  return program === "whalebrew" || program === "msh" ? program : "own";
}

/**
 * @param origin The file, for messages.
 * @param name Of a package of whalebrew, which has none: that of its file.
 * @throws {GloveboxError} `INVALID_REQUEST` with the line, or the field and its value.
 */
export function parsePackage(
  text: string,
  { origin, name }: { readonly origin: string; readonly name: string },
): Package {
  const own = contentOf(text, { origin, name });
  const parsed = parseWith(packageSchema, own, "the package");
  if (parsed.ok) return parsed.value;
  const [first] = parsed.issues;
  const all = parsed.issues.map(({ path, message }) => `${path} ${message}`).join("; ");
  throw invalidRequest(origin, `${all}.${first === undefined ? "" : ` See docs/packages.md.`}`);
}

/** In our own words, whosever format it is. */
function contentOf(
  text: string,
  place: { readonly origin: string; readonly name: string },
): unknown {
  const kind = kindOfPackage(text);
  if (kind === "msh") return fromMsh(text, place.name);
  const content = readYaml(text, place.origin);
  if (kind === "whalebrew") return fromWhalebrew(content, place);
  refuseNewer(content, place.origin);
  return content;
}

/** A Dockerfile behind a `#!` line, see https://github.com/RyanJarv/msh, branch v2. */
function fromMsh(text: string, name: string): z.input<typeof packageSchema> {
  const dockerfile = text.slice(text.indexOf("\n") + 1);
  return { glovebox: packageFormat, name, dockerfile, workspace: "rw", network: "all" };
}

/** A package that needs more than we know must not run with less than it says. */
function refuseNewer(content: unknown, origin: string): void {
  if (typeof content !== "object" || content === null || !("glovebox" in content)) return;
  const { glovebox } = content;
  if (typeof glovebox !== "number" || glovebox <= packageFormat) return;
  throw invalidRequest(
    origin,
    `is written for format ${showValue(glovebox)} of packages; this version reads ${packageFormat}. Install a newer Glovebox.`,
  );
}

function readYaml(text: string, origin: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    // Neither dates nor merges: what stands there is what it says.
    schema: "core",
  });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    const { line } = lines.linePos(fault.pos[0]);
    throw invalidRequest(`${origin}:${line}`, `is not YAML: ${showText(fault.message)}.`);
  }
  visit(document, {
    Alias: (_key, alias) => {
      const { line } = lines.linePos(alias.range?.[0] ?? 0);
      throw invalidRequest(`${origin}:${line}`, "aliases have no place in a package.");
    },
    Pair: (_key, { key }) => {
      if (!isCollection(key)) return;
      const { line } = lines.linePos(key.range?.[0] ?? 0);
      throw invalidRequest(`${origin}:${line}`, "a list or map can't be the name of a field.");
    },
  });
  return document.toJS();
}
