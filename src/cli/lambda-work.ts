/**
 * @module
 * The work of `glovebox lambda`.
 */
import { existsSync, realpathSync } from "node:fs";
import { openLambda, type LambdaAccount, type LambdaFunction } from "../app.ts";
import { invalidRequest } from "../core/errors.ts";
import { durationFormat, parseDurationMs } from "../util/duration.ts";
import { escapeControls } from "./escape-controls.ts";
import { formatTable } from "./table.ts";

export interface LambdaFlags {
  readonly json?: boolean;
  readonly since?: string;
  readonly verbose?: boolean;
}

export async function listLambda({ json = false }: LambdaFlags): Promise<number> {
  return withAccount(async ({ list, region }) => {
    const functions = await list();
    if (json)
      process.stdout.write(
        `${JSON.stringify({ region, functions: functions.map(asJson) }, null, 2)}\n`,
      );
    else if (functions.length === 0)
      process.stdout.write(`no functions of Glovebox in ${region}\n`);
    else process.stdout.write(formatTable(rowsOf(functions)));
    return 0;
  });
}

const MIB = 1024 * 1024;

function rowsOf(functions: readonly LambdaFunction[]): readonly (readonly string[])[] {
  const rows = functions.map(({ name, runtime, memoryMib, codeBytes, modified, madeFor }) =>
    [
      name,
      runtime,
      `${memoryMib} MB`,
      `${(codeBytes / MIB).toFixed(1)} MB`,
      modified.slice(0, 16),
      madeFor,
    ].map(escapeControls),
  );
  return [["NAME", "RUNTIME", "MEMORY", "CODE", "CHANGED", "FOR"], ...rows];
}

const asJson = ({ name, runtime, memoryMib, codeBytes, modified, madeFor }: LambdaFunction) => ({
  ...{ name, runtime, modified },
  memory_bytes: memoryMib * MIB,
  code_bytes: codeBytes,
  made_for: madeFor,
});

export async function removeLambda(names: readonly string[]): Promise<number> {
  return withAccount(async ({ remove }) => {
    for (const name of names) process.stdout.write(`removed ${await remove(folderOrName(name))}\n`);
    return 0;
  });
}

const DEFAULT_SINCE = "1h";

export async function printLambdaLog(
  name: string,
  { since = DEFAULT_SINCE }: LambdaFlags,
): Promise<number> {
  const sinceMs = parseDurationMs(since);
  if (sinceMs === undefined)
    throw invalidRequest("--since", `\`${since}\` is no time. Write ${durationFormat}.`);
  return withAccount(async ({ readLog }) => {
    for (const { timeMs, text } of await readLog(folderOrName(name), Date.now() - sinceMs)) {
      const line = text.trimEnd().split("\n").map(escapeControls).join("\n");
      process.stdout.write(`${new Date(timeMs).toISOString()} ${line}\n`);
    }
    return 0;
  });
}

/** Names have no `/`, and are those of no file that is there but by chance. */
function folderOrName(word: string): string {
  return word.startsWith("glovebox-") || !existsSync(word) ? word : realpathSync(word);
}

async function withAccount(work: (account: LambdaAccount) => Promise<number>): Promise<number> {
  const account = await openLambda();
  try {
    return await work(account);
  } finally {
    account.close();
  }
}
