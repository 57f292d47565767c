/**
 * @module
 * Asks a server of this user what it has ready.
 */
import { connect } from "node:net";
import type { PoolStats } from "../core/provider.ts";
import { NotServedError } from "./client.ts";
import { createFrameReader, frameOf, kinds } from "./frames.ts";
import type { Figures } from "./messages.ts";

const ANSWER_TIMEOUT_MS = 1000;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * @param path See `isPrivateSocket`: who calls this has asked.
 * @throws {NotServedError} It does not say.
 */
export async function askFigures(path: string, surroundings: string): Promise<Figures> {
  const socket = connect({ path });
  let timer: NodeJS.Timeout | undefined;
  const answer = new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => {
      reject(new NotServedError(why));
    };
    timer = setTimeout(fail, ANSWER_TIMEOUT_MS, "it gives no answer");
    const read = createFrameReader(MAX_ANSWER_BYTES, (kind, payload) => {
      if (kind === kinds.figures) resolve(payload.toString());
      else fail(kind === kinds.refused ? payload.toString() : notOurs);
    });
    socket.on("data", (chunk) => {
      if (!read(chunk)) fail(notOurs);
    });
    socket.on("error", (error) => {
      fail(error.message);
    });
    socket.on("close", () => {
      fail("it has ended");
    });
    socket.write(frameOf(kinds.wantFigures, Buffer.from(surroundings)));
  });
  try {
    return figuresOf(JSON.parse(await answer));
  } catch (error) {
    throw error instanceof NotServedError ? error : new NotServedError(notOurs);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** @throws Where it is none. */
function figuresOf(value: unknown): Figures {
  const { pool, destroying } = value as Figures;
  const numbers = [destroying, ...(pool === null ? [] : poolNames.map((name) => pool[name]))];
  if (!numbers.every(Number.isFinite)) throw new Error(notOurs);
  return { pool, destroying };
}

const poolNames = [
  "ready",
  "readyBytes",
  "oldestMs",
  "hits",
  "misses",
  "made",
  "makeMs",
] as const satisfies (keyof PoolStats)[];

const notOurs = "it sends no messages of ours";
