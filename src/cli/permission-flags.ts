/**
 * @module
 * The flags of `glovebox run` about what a program may ask for: one row each. Help and both parsers of
 * the command line are made from these rows.
 */

/** The flags as the command line had them; absent: not given. */
export interface RawPermissions {
  readonly ask?: string;
  readonly askTimeout?: string;
  readonly files?: string;
  readonly allowNet?: readonly string[];
  readonly denyNet?: readonly string[];
  readonly allowRead?: readonly string[];
  readonly denyRead?: readonly string[];
  readonly allowWrite?: readonly string[];
  readonly denyWrite?: readonly string[];
  readonly allowSocket?: readonly string[];
  readonly allowForward?: readonly string[];
  readonly askEnv?: readonly string[];
  readonly policy?: string;
  readonly learn?: string;
  readonly report?: boolean;
  readonly failOnDeny?: boolean;
}

export interface PermissionFlag {
  readonly flag: `--${string}`;
  /** The flag as a property name. */
  readonly option: keyof RawPermissions;
  readonly kind: "value" | "list" | "on";
  /** How a value is written; shown in the help. */
  readonly valueName?: string;
  readonly help: string;
}

export const permissionFlags: readonly PermissionFlag[] = [
  {
    flag: "--ask",
    option: "ask",
    kind: "value",
    valueName: "WHOM",
    help: "who decides while the program waits: auto, tty, never, or broker:SOCKET (default: auto, your terminal if there is one)",
  },
  {
    flag: "--ask-timeout",
    option: "askTimeout",
    kind: "value",
    valueName: "TIME",
    help: "a question that nobody answers in this time is denied (default: none)",
  },
  {
    flag: "--files",
    option: "files",
    kind: "value",
    valueName: "MODE",
    help: "your files besides the workspace: none, or ask (default: ask on a terminal, else none)",
  },
  {
    flag: "--allow-net",
    option: "allowNet",
    kind: "list",
    valueName: "HOST[:PORT]",
    help: "let it connect there: api.github.com:443, *.github.com, 10.0.0.0/8, udp:HOST:PORT (repeatable)",
  },
  {
    flag: "--deny-net",
    option: "denyNet",
    kind: "list",
    valueName: "HOST[:PORT]",
    help: "never, whatever else allows it (repeatable)",
  },
  {
    flag: "--allow-read",
    option: "allowRead",
    kind: "list",
    valueName: "PATH",
    help: "show a file or folder of yours, read-only, at its own path; with / at its end all below (repeatable)",
  },
  {
    flag: "--deny-read",
    option: "denyRead",
    kind: "list",
    valueName: "PATH",
    help: "never (repeatable)",
  },
  {
    flag: "--allow-write",
    option: "allowWrite",
    kind: "list",
    valueName: "PATH",
    help: "the same, and it may write there (repeatable)",
  },
  {
    flag: "--deny-write",
    option: "denyWrite",
    kind: "list",
    valueName: "PATH",
    help: "never (repeatable)",
  },
  {
    flag: "--allow-socket",
    option: "allowSocket",
    kind: "list",
    valueName: "PATH",
    help: "let it use a Unix socket of yours, as that of ssh-agent (repeatable)",
  },
  {
    flag: "--allow-forward",
    option: "allowForward",
    kind: "list",
    valueName: "PORT",
    help: "reach a port that it listens on from this machine (repeatable)",
  },
  {
    flag: "--ask-env",
    option: "askEnv",
    kind: "list",
    valueName: "NAME",
    help: "ask whether it may have this variable of yours (repeatable)",
  },
  {
    flag: "--policy",
    option: "policy",
    kind: "value",
    valueName: "FILE",
    help: "rules from a file, as --learn writes it",
  },
  {
    flag: "--learn",
    option: "learn",
    kind: "value",
    valueName: "FILE",
    help: "deny what it asks for, and write the rules that would allow it into a new FILE",
  },
  {
    flag: "--report",
    option: "report",
    kind: "on",
    help: "at the end say all that it asked for, and who decided",
  },
  {
    flag: "--fail-on-deny",
    option: "failOnDeny",
    kind: "on",
    help: "exit code 87 where something was denied and it would have been 0",
  },
];
