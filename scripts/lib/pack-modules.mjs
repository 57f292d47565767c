/**
 * @module
 * Puts the modules of a bundle into few files, by when they are needed.
 */
import { basename } from "node:path";

/** What is loaded for a run that this process makes the sandbox of. */
const runEntries = [
  "src/cli/run-locally.ts",
  "src/providers/linux/index.ts",
  "src/launcher/locate-launcher.ts",
  "src/cli/package/run-package.ts",
  "src/cli/package/resolve-package.ts",
];

/** What is loaded besides for a run that asks. */
const askEntries = ["src/cli/asking/open-asking.ts", "src/providers/linux/asking/start-asking.ts"];

/**
 * @param {Map<string, string>} modules CommonJS by the file names that they call each other.
 * @param metafile Of esbuild.
 * @returns Texts of files, by their names. Each is an expression: functions by the names of modules, and
 * in `start` besides the name of the first module, and where the others are.
 */
export function packModules(modules, { outputs }) {
  const chunks = Object.entries(outputs).map(([path, output]) => ({
    ...output,
    name: basename(path),
  }));
  const packOf = new Map();
  const take = (entry, pack) => {
    const visit = (chunk) => {
      if (packOf.has(chunk.name)) return;
      packOf.set(chunk.name, pack);
      for (const { path, kind, external } of chunk.imports) {
        if (kind !== "import-statement" || external === true) continue;
        visit(chunks.find(({ name }) => name === basename(path)));
      }
    };
    visit(chunks.find(({ entryPoint }) => entryPoint === entry));
  };
  take("src/cli/main.ts", "start");
  for (const entry of runEntries) take(entry, "run");
  for (const entry of askEntries) take(entry, "ask");
  for (const { name } of chunks) if (!packOf.has(name)) packOf.set(name, "rest");

  const textOf = (pack, ...more) => {
    const rows = [...modules]
      .filter(([name]) => packOf.get(name) === pack)
      .map(([name, code]) => `${JSON.stringify(name)}(exports,require,module,__url){${code}}`);
    return `({${[...more, ...rows].join(",\n")}})\n`;
  };
  const first = `first:${JSON.stringify(chunks.find(({ entryPoint }) => entryPoint === "src/cli/main.ts").name)}`;
  const packs = `packs:${JSON.stringify(Object.fromEntries(packOf))}`;
  return {
    start: textOf("start", first, packs),
    run: textOf("run"),
    ask: textOf("ask"),
    rest: textOf("rest"),
  };
}
