/**
 * @module
 * A server's door for the runs of its own user on this machine: `glovebox run` finds it there and need
 * not load what makes sandboxes. It is for nobody else, see `place.ts`, and no run needs it.
 */
import { lstatSync, renameSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { isPrivateSocket, makeFolder, socketPath } from "./place.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";
import { surroundingsOf } from "./surroundings.ts";

/** Sandboxes at the same time; who comes then makes its own. */
const MAX_SESSIONS = 32;

export interface LocalDoor {
  /** Takes nothing new; resolves when what runs has ended. */
  readonly close: () => Promise<void>;
  /** Ends what runs. */
  readonly stop: () => void;
}

export interface LocalDoorOptions extends Pick<
  SessionOptions,
  "figures" | "createService" | "onEnd"
> {
  readonly env: NodeJS.ProcessEnv;
}

const taken = "another server has it";
/** How soon after the end of that one. */
const RETRY_MS = 2000;

/**
 * Where another server of this user has the door, it is opened once that has ended.
 *
 * @returns Why there is none; `close` and `stop` otherwise. Does not throw.
 */
export async function openDoor(options: LocalDoorOptions): Promise<LocalDoor | string> {
  const door = await tryToOpen(options);
  return door === taken ? openWhenFree(options) : door;
}

function openWhenFree(options: LocalDoorOptions): LocalDoor {
  let door: LocalDoor | undefined;
  let isClosed = false;
  const attempt = async (): Promise<void> => {
    if (door !== undefined || isClosed) return;
    const opened = await tryToOpen(options);
    if (typeof opened === "string") return;
    door = opened;
    clearInterval(timer);
  };
  let lastAttempt = Promise.resolve();
  const timer = setInterval(() => {
    lastAttempt = lastAttempt.then(attempt);
  }, RETRY_MS).unref();
  return {
    stop: () => {
      door?.stop();
    },
    close: async () => {
      isClosed = true;
      clearInterval(timer);
      await lastAttempt;
      await door?.close();
    },
  };
}

async function tryToOpen(options: LocalDoorOptions): Promise<LocalDoor | string> {
  try {
    return await open(options);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function open({ env, ...options }: LocalDoorOptions): Promise<LocalDoor | string> {
  const path = socketPath(env);
  const surroundings = surroundingsOf(env);
  if (path === undefined || surroundings === undefined) return "there is no place for it";
  makeFolder(path);
  if (isPrivateSocket(path) && (await isAnswered(path))) return taken;
  const sessions = new Set<Session>();
  let isClosing = false;
  const refusal = (): string | undefined => {
    if (isClosing) return "it is stopping";
    const busy = [...sessions].filter((session) => !session.isDone());
    return busy.length > MAX_SESSIONS ? "it has too much to do" : undefined;
  };
  const server = createServer((socket) => {
    const session = openSession(socket, { ...options, surroundings, refusal });
    sessions.add(session);
    void session.ended.then(() => sessions.delete(session));
  });
  // Made beside and renamed: of two servers that start at once one has the name, and what a killed one
  // left is replaced.
  const own = `${path}.${process.pid}`;
  await listen(server, own);
  const { ino } = lstatSync(own);
  try {
    renameSync(own, path);
  } catch (error) {
    removeOwn(own, ino);
    server.close();
    throw error;
  }
  if (!isPrivateSocket(path)) {
    removeOwn(path, ino);
    server.close();
    return "others can write to the way to it";
  }
  server.unref();
  return {
    stop: () => {
      for (const session of sessions) session.stop();
    },
    close: async () => {
      isClosing = true;
      server.close();
      removeOwn(path, ino);
      await Promise.all([...sessions].map(({ ended }) => ended));
    },
  };
}

/** Whether some server listens there; what a killed one left refuses. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(!["ECONNREFUSED", "ENOENT"].includes(error.code ?? ""));
    });
  });
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Not that of a server which has taken the name since. */
function removeOwn(path: string, ino: number): void {
  try {
    if (lstatSync(path).ino === ino) unlinkSync(path);
  } catch {
    // Gone with its folder.
  }
}
