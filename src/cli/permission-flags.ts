/**
 * @module
 * The flags of `glovebox run` about what a program may ask for: one row each. Help and both parsers of
 * the command line are made from these rows.
 */
import type { SubjectKind } from "../core/permission.ts";
import { ruleFlags } from "../permissions/rule-flags.ts";
import type { Effect } from "../permissions/rule.ts";

type RuleOption = `${Effect}${Capitalize<SubjectKind>}`;

/** The flags as the command line had them; absent: not given. */
export interface RawPermissions extends Partial<Record<RuleOption, readonly string[]>> {
  readonly ask?: string;
  readonly askTimeout?: string;
  readonly files?: string;
  readonly askEnv?: readonly string[];
  readonly secret?: readonly string[];
  readonly policy?: string;
  readonly learn?: string;
  readonly report?: boolean;
  readonly failOnDeny?: boolean;
}

export interface PermissionFlag {
  readonly flag: string;
  /** The flag as a property name. */
  readonly option: keyof RawPermissions;
  readonly kind: "value" | "list" | "on";
  /** How a value is written; shown in the help. */
  readonly valueName?: string;
  readonly help: string;
}

const allowed: Readonly<Record<SubjectKind, string>> = {
  net: "let it connect: api.github.com:443, *.github.com, 10.0.0.0/8, udp:HOST:PORT",
  read: "show it a file or folder of yours, read-only, where it lies",
  write: "the same, and it may change it",
  list: "let it see the names in a folder",
  socket: "let it use a Unix socket of yours, as that of ssh-agent",
  forward: "make a port that it listens on reachable from this machine, or `*`",
  env: "give it this variable of yours, if it is set",
};

/** `--allow-net` as `allowNet`. */
export const optionOfRule = (effect: Effect, kind: SubjectKind): RuleOption =>
  `${effect}${kind[0]?.toUpperCase() ?? ""}${kind.slice(1)}` as RuleOption;

const ofRules: readonly PermissionFlag[] = ruleFlags.map(({ flag, effect, kind, valueName }) => ({
  ...{ flag, valueName, kind: "list", option: optionOfRule(effect, kind) },
  help:
    effect === "deny" ? "never, whatever allows it (repeatable)" : `${allowed[kind]} (repeatable)`,
}));

export const permissionFlags: readonly PermissionFlag[] = [
  {
    ...{ flag: "--ask", option: "ask", kind: "value", valueName: "WHOM" },
    help: "who decides while it waits: auto, tty, never or broker:SOCKET (default: auto, you, where there is a terminal)",
  },
  {
    ...{ flag: "--ask-timeout", option: "askTimeout", kind: "value", valueName: "TIME" },
    help: "deny what nobody has answered by then (default: none)",
  },
  {
    ...{ flag: "--files", option: "files", kind: "value", valueName: "MODE" },
    help: "your files besides the workspace: none or ask (default: ask on a terminal, else none)",
  },
  ...ofRules,
  {
    ...{ flag: "--ask-env", option: "askEnv", kind: "list", valueName: "NAME" },
    help: "ask whether it may have this variable of yours (repeatable)",
  },
  {
    ...{ flag: "--secret", option: "secret", kind: "list", valueName: "NAME@HOST" },
    help: "give it a placeholder as NAME; requests to HOST[,HOST] have the value of your variable NAME in its place (repeatable; docs/secrets.md)",
  },
  {
    ...{ flag: "--policy", option: "policy", kind: "value", valueName: "FILE" },
    help: "more rules, from a file as --learn writes it",
  },
  {
    ...{ flag: "--learn", option: "learn", kind: "value", valueName: "FILE" },
    help: "deny all that no rule allows, and write what would allow it into a new FILE",
  },
  {
    ...{ flag: "--report", option: "report", kind: "on" },
    help: "at the end say what it asked for, what it got and who decided",
  },
  {
    ...{ flag: "--fail-on-deny", option: "failOnDeny", kind: "on" },
    help: "exit code 87 where something was denied and it would have been 0",
  },
] satisfies readonly PermissionFlag[];
