/**
 * @module
 * What an operator decides about executions that ask.
 */

export const fileModes = ["none", "ask"] as const;

export interface PermissionSettings {
  /** `ask`: they may ask for files of the user that this server runs as. */
  readonly files: (typeof fileModes)[number];
  /** How long an answer is waited for; then it is no. */
  readonly askTimeoutMs: number;
  /** As people write them, `net api.github.com:443`: they hold before any answer. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** Whether an answer may hold for later executions of the same caller. */
  readonly always: boolean;
}

export const defaultPermissions: PermissionSettings = {
  files: "none",
  askTimeoutMs: 60_000,
  allow: [],
  deny: [],
  always: false,
};
