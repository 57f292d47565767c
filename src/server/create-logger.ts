/**
 * @module
 * The server's log: one JSON object a line.
 */
import { pino, type Logger } from "pino";
import type { ServerConfig } from "../config/server-config.ts";
import { logSerializers } from "../observe/log-redaction.ts";

/** @param stream Takes the lines. */
export function createLogger(
  { logLevel }: Pick<ServerConfig, "logLevel">,
  stream: { write(line: string): void },
): Logger {
  return pino({ level: logLevel, serializers: logSerializers }, stream);
}
