/**
 * @module
 * The examples of docs/client.md, as strict TypeScript. test/e2e/http-client.test.ts runs them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test("the examples of docs/client.md compile", () => {
  const page = readFileSync(join(root, "docs/client.md"), "utf8");
  const samples = new Map(
    [...page.matchAll(/^```js\n(.+?)```/gms)].map(([, code = ""], index) => [
      join(root, `test/spec/sample-${index}.ts`),
      code.replace("glovebox/client", "../../src/client/index.ts"),
    ]),
  );
  expect(samples.size).toBeGreaterThan(3);
  const options: ts.CompilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node"],
  };
  const host = ts.createCompilerHost(options);
  const onDisk = { ...host };
  host.fileExists = (path) => samples.has(path) || onDisk.fileExists(path);
  host.readFile = (path) => samples.get(path) ?? onDisk.readFile(path);
  host.getSourceFile = (path, ...more) => {
    const code = samples.get(path);
    return code === undefined
      ? onDisk.getSourceFile(path, ...more)
      : ts.createSourceFile(path, code, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram([...samples.keys()], options, host);
  const faults = ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => [
      file?.fileName,
      ts.flattenDiagnosticMessageText(messageText, " "),
    ]);
  expect(faults).toEqual([]);
}, 60_000);
