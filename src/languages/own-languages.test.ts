/**
 * @module
 * What the data of each language owes beyond its schema.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { indexLanguages } from "./index-languages.ts";
import { loadLanguages } from "./load.ts";
import { mainFileOf } from "./from-code.ts";

const languages = await loadLanguages(fileURLToPath(new URL("../../languages", import.meta.url)));
const index = indexLanguages(languages);

describe.each(languages.map((language) => [language.id, language] as const))(
  "%s",
  (id, language) => {
    const { tests, lacks, compile, aliases } = language;
    const run = tests.filter(({ expect: { phase } }) => phase === "run");

    test("answers to its names", () => {
      for (const name of [id, ...aliases]) {
        expect(index.byName(name)?.id).toBe(id);
        expect(index.byName(name.toUpperCase())?.id).toBe(id);
      }
      for (const extension of language.extensions)
        expect(index.byExtension(extension)?.id).toBe(id);
    });

    test("answers to the ids and versions of its peers", () => {
      for (const judge0 of language.judge0) expect(index.byJudge0(judge0)?.id).toBe(id);
      for (const { language: name, versions } of language.piston) {
        for (const version of versions) expect(index.byPiston(name, version)?.id).toBe(id);
        expect(index.byPiston(name, "*")).toBeDefined();
      }
    });

    test("its first program goes by its usual name", () => {
      const path = mainFileOf(language, Buffer.from(language.helloCode));
      expect(language.extensions).toContain(/\.[^.]+$/.exec(path)?.[0]);
    });

    test("has a test of its output, of stdin, of arguments and of a failure", () => {
      const outputs = run.filter(({ expect: { exitCode } }) => exitCode === 0);
      expect(outputs.some(({ expect: { stdout } }) => stdout !== undefined)).toBe(true);
      expect(run.some(({ stdin }) => stdin !== "")).toBe(lacks.stdin === undefined);
      expect(run.some(({ args }) => args.length > 0)).toBe(lacks.args === undefined);
      expect(run.some(({ expect: { exitCode } }) => exitCode !== 0)).toBe(
        lacks.failure === undefined,
      );
    });

    test("has a test of a compile error if it is compiled", () => {
      const errors = tests.filter(({ expect: { phase } }) => phase === "compile");
      expect(errors.length > 0).toBe(compile !== undefined);
      for (const { expect: expected } of errors) expect(expected.exitCode).not.toBe(0);
    });

    test("each test has a name of its own", () => {
      expect(new Set(tests.map(({ name }) => name)).size).toBe(tests.length);
    });
  },
);
