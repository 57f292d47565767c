/**
 * @module
 * The program as a command for a shell.
 */
import { formatDurationMs } from "../../../src/util/duration.ts";
import { formatSizeBytes } from "../../../src/util/size.ts";
import { apiKey, baseUrl } from "../state/server.ts";
import { toRequest, type Project } from "../state/project-values.ts";
import { shellWord, withoutKeys } from "./shell-word.ts";

/** The key itself is not in it: commands end up in histories and chats. */
export function asCurl(project: Project): string {
  const url = new URL("v1/execute", baseUrl).href;
  const request = toRequest({ ...project, isTerminal: false });
  const body = withoutKeys(JSON.stringify(request, null, 2));
  const key = apiKey.peek() === "" ? "" : ` -H "authorization: Bearer $GLOVEBOX_KEY"`;
  return `curl -sS ${shellWord(url)} -H 'content-type: application/json'${key} --data-binary @- <<'END_OF_PROGRAM'\n${body}\nEND_OF_PROGRAM\n`;
}

/** One file is in the command; more of them are in the zip, and this is run beside them. */
export function asCli(project: Project): string {
  const { language, version, files, args, stdin, limits, network, isTerminal } = project;
  const [main] = files;
  const flags = [
    ...(limits.wallTimeMs === undefined ? [] : ["--timeout", formatDurationMs(limits.wallTimeMs)]),
    ...(limits.memoryBytes === undefined ? [] : ["--memory", formatSizeBytes(limits.memoryBytes)]),
    ...(limits.processes === undefined ? [] : ["--processes", String(limits.processes)]),
    ...(limits.outputBytes === undefined ? [] : ["--output", formatSizeBytes(limits.outputBytes)]),
    ...["--network", network],
    ...(isTerminal ? ["--tty"] : []),
  ];
  const input = stdin === "" || isTerminal ? "" : `printf %s ${shellWord(stdin)} | `;
  const isInline = files.length === 1 && main?.encoding === "utf8";
  const others = files.slice(1).flatMap(({ path }) => ["--file", path]);
  const program = isInline ? ["-c", main.content] : [...others, `./${main?.path ?? ""}`];
  const asked = version === "" ? language : `${language}@${version}`;
  // The first of these is not the program's.
  const separator = args[0] === "--" ? ["--"] : [];
  const words = ["glovebox", "run", ...flags, "-l", asked, ...program, ...separator, ...args];
  const command = words.map(shellWord).join(" ");
  return `${isInline ? "" : "# In the folder of the unpacked zip:\n"}${input}${command}\n`;
}
