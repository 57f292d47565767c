/**
 * @module
 * The program as a command for a shell.
 */
import { formatDurationMs } from "../../../src/util/duration.ts";
import { formatSizeBytes } from "../../../src/util/size.ts";
import { apiKey, baseUrl } from "../state/server.ts";
import { toRequest, type Project } from "../state/project-values.ts";

/** The key itself is not in it: commands end up in histories and chats. */
export function asCurl(project: Project): string {
  const url = new URL("v1/execute", baseUrl).href;
  const body = JSON.stringify(toRequest({ ...project, isTerminal: false }), null, 2);
  const key = apiKey.peek() === "" ? "" : ` -H "authorization: Bearer $GLOVEBOX_KEY"`;
  return `curl -sS ${quote(url)} -H 'content-type: application/json'${key} --data-binary @- <<'END_OF_PROGRAM'\n${body}\nEND_OF_PROGRAM\n`;
}

/** One file is in the command; more of them are in the zip, and this is run beside them. */
export function asCli(project: Project): string {
  const { language, files, args, stdin, limits, network } = project;
  const [main] = files;
  const flags = [
    ...(limits.wallTimeMs === undefined ? [] : ["--timeout", formatDurationMs(limits.wallTimeMs)]),
    ...(limits.memoryBytes === undefined ? [] : ["--memory", formatSizeBytes(limits.memoryBytes)]),
    ...(limits.processes === undefined ? [] : ["--processes", String(limits.processes)]),
    ...(limits.outputBytes === undefined ? [] : ["--output", formatSizeBytes(limits.outputBytes)]),
    ...["--network", network],
  ];
  const input = stdin === "" ? "" : `printf %s ${quote(stdin)} | `;
  const isInline = files.length === 1 && main?.encoding === "utf8";
  const others = files.slice(1).flatMap(({ path }) => ["--file", path]);
  const program = isInline ? ["-c", main.content] : [...others, `./${main?.path ?? ""}`];
  const words = ["glovebox", "run", ...flags, "-l", language, ...program, ...args];
  const command = words.map(quote).join(" ");
  return `${isInline ? "" : "# In the folder of the unpacked zip:\n"}${input}${command}\n`;
}

/** As one word for sh. */
const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
