/**
 * @module
 * What a client says before there is a sandbox: what it shall be like, and its files.
 */
import type { ServerConfig } from "../../config/server-config.ts";
import { invalidRequest } from "../../core/errors.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import type { ClientMessage } from "../../sandbox-protocol/client-messages.ts";
import { createFileReceiver, type FileReceiver } from "../../sandbox-protocol/files.ts";
import { admitSandbox, refuseTooLarge } from "./admit-sandbox.ts";

/** Each method throws what is wrong with it: then there will be no sandbox. */
export interface Creation {
  /** @returns The whole of it after `start`, undefined before. */
  tell(
    message: Extract<ClientMessage, { type: "create" | "file" | "start" }>,
  ): SandboxSpec | undefined;
  takeBytes(piece: Buffer): void;
}

interface Wanted {
  readonly spec: Omit<SandboxSpec, "files">;
  readonly files: FileReceiver;
}

/** @param hold Called with what is kept, before it is; throws where that is too much. */
export function createCreation(config: ServerConfig, hold: (bytes: number) => void): Creation {
  const { maxFiles, bodyLimitBytes: maxBytes } = config.server;
  let begun: Wanted | undefined;
  const wanted = (): Wanted => {
    if (begun === undefined) throw invalidRequest("message", "`create` comes first");
    return begun;
  };
  return {
    tell: (message) => {
      switch (message.type) {
        case "create": {
          if (begun !== undefined) throw invalidRequest("message", "`create` came already");
          const spec = admitSandbox(message.sandbox, config);
          begun = { spec, files: createFileReceiver({ maxFiles, maxBytes }) };
          return undefined;
        }
        case "file":
          wanted().files.announce(message);
          return undefined;
        case "start": {
          const { spec, files: receiver } = wanted();
          const files = receiver.finish();
          refuseTooLarge(files, spec);
          return { ...spec, files };
        }
      }
    },
    takeBytes: (piece) => {
      hold(piece.byteLength);
      wanted().files.take(piece);
    },
  };
}
