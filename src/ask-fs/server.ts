/**
 * @module
 * A file system whose files are asked about before they are opened: the kernel's FUSE protocol over a
 * stream. Whoever has the other end copies messages from and to /dev/fuse, in both directions at the
 * same time: we take no more requests while our replies are not taken.
 */
import type { Duplex } from "node:stream";
import type { AskingProcess, PermissionGate } from "../core/permission.ts";
import type { Owner } from "./attributes.ts";
import type { FreeAccess } from "./consent.ts";
import { createFrameSplitter, MalformedMessage } from "./frames.ts";
import { createHandleTable } from "./handles.ts";
import { createNameBudget } from "./listing.ts";
import { createLastingQuestions } from "./lasting-questions.ts";
import { type AskFsRoot, createNodeTable } from "./nodes.ts";
import { serveOperation } from "./operations.ts";
import { protocolMajor, protocolMinor } from "./protocol.ts";
import { finishReply, initReply } from "./replies.ts";
import { decodeRequest, type Operation, type Request } from "./requests.ts";
import type { Tree } from "./tree.ts";
import { createWorkers } from "./workers.ts";

export interface AskFsOptions {
  /** FUSE messages both ways, each with its length in front, as the kernel has them. Ours from now on. */
  readonly stream: Duplex;
  /** The children of the mount's root are `0`, `1`, … in this order. */
  readonly roots: readonly AskFsRoot[];
  readonly gate: PermissionGate;
  /** See `Asking`. */
  readonly describeProcess: (pid: number) => Promise<AskingProcess | undefined>;
  /** See `Asking`. */
  readonly openTo: (hostPath: string) => FreeAccess | undefined;
  /** Absolute host paths that do not exist for the program, nor what is below them. */
  readonly hidden: readonly string[];
  /** To whom everything seems to belong, in the user namespace of the mount. */
  readonly owner: Owner;
}

export interface AskFsServer {
  /** Withdraws all questions and closes all files and the stream. Idempotent. */
  readonly close: () => Promise<void>;
  /** Settled when it has closed, for whatever reason: by `close`, the other side, or a bad message. */
  readonly closed: Promise<void>;
}

export function serveAskFs(options: AskFsOptions): AskFsServer {
  const { stream } = options;
  const tree = createTree(options);
  const workers = createWorkers(stream);
  const split = createFrameSplitter();
  let settleClosed = (): void => {};
  const closed = new Promise<void>((resolve) => {
    settleClosed = resolve;
  });
  let isInitialized = false;
  let closing: Promise<void> | undefined;

  const take = ({ operation, ...request }: Request): void => {
    if (operation.kind === "init") {
      requireVersion(operation);
      isInitialized = true;
      stream.write(finishReply(initReply(operation), request.unique));
    } else if (!isInitialized) {
      throw new MalformedMessage("a request before INIT");
    } else if (operation.kind === "forget") {
      operation.forgotten.forEach(tree.nodes.forget);
    } else if (operation.kind === "interrupt") {
      workers.interrupt(operation.interrupted);
    } else if (operation.kind !== "notifyReply") {
      workers.run(request, (waiter) => serveOperation(tree, waiter, { ...request, operation }));
    }
  };

  const close = (): Promise<void> => {
    closing ??= (async () => {
      stream.destroy();
      // In this order: who is still working may hold a number that would soon name another file.
      await workers.stop();
      tree.asking.questions.close();
      await tree.handles.close();
      settleClosed();
    })();
    return closing;
  };

  stream.on("data", (chunk: Buffer) => {
    try {
      split(chunk).map(decodeRequest).forEach(take);
      workers.steer();
    } catch {
      // Whoever says this is not the kernel. Without us, it answers all calls with an error by itself.
      void close();
    }
  });
  stream.on("drain", workers.steer);
  // `error` too: without a listener it would be the end of the process.
  for (const event of ["error", "end", "close"]) stream.on(event, () => void close());
  return { close, closed };
}

function createTree({ roots, gate, describeProcess, openTo, hidden, owner }: AskFsOptions): Tree {
  return {
    roots,
    nodes: createNodeTable(roots),
    handles: createHandleTable(),
    names: createNameBudget(),
    asking: { gate, describeProcess, openTo, questions: createLastingQuestions() },
    owner,
    hidden,
  };
}

function requireVersion({ major, minor }: Extract<Operation, { readonly kind: "init" }>): void {
  if (major === protocolMajor && minor >= protocolMinor) return;
  throw new MalformedMessage(`FUSE ${major}.${minor}`);
}
