/**
 * @module
 * What a program may be asked about, and the answers: the words that whoever decides and whatever
 * enforces have in common.
 */

export type NetProtocol = "tcp" | "udp";

/** One thing that can be asked for. */
export type Subject =
  | {
      readonly kind: "net";
      readonly protocol: NetProtocol;
      /** A name in lower case, as DNS has it (punycode, no dot at its end), or an IP address. */
      readonly host: string;
      /** From 1 to 65,535. */
      readonly port: number;
    }
  /** Absolute path on the host, without `.`, `..`, or symbolic links. `list`: the names in a folder. */
  | { readonly kind: "read" | "write" | "list" | "socket"; readonly path: string }
  /** A port on which a program listens, to be reached from this machine's loopback. */
  | { readonly kind: "forward"; readonly port: number }
  | { readonly kind: "env"; readonly name: string };

export type SubjectKind = Subject["kind"];

/** Who wants it. The program chooses all of it: for people to read, never to decide by. */
export interface AskingProcess {
  /** As its sandbox numbers it. */
  readonly pid: number;
  /** `curl`; of a script that the kernel started, the script's. At most 15 bytes, any bytes. */
  readonly name: string;
  /** Path of its executable, inside; empty where it is not known. */
  readonly executable: string;
}

export interface Question {
  readonly subject: Subject;
  readonly process?: AskingProcess;
  /** Why it comes up, where the subject does not tell: `db.example.com is 10.0.0.5`. Ours, for people. */
  readonly because?: string;
}

/** `once`: for this one call. `run`: until the run ends. `always`: in every later run of the project. */
export const decisionScopes = ["once", "run", "always"] as const;
export type DecisionScope = (typeof decisionScopes)[number];

export interface Decision {
  readonly isAllowed: boolean;
  readonly scope: DecisionScope;
  /** The folder above the subject's path for all of which the same holds, where the answer said so. */
  readonly folder?: string;
}

/** Decides what a program asks for while it is held. */
export interface PermissionGate {
  /**
   * Settles at once where a rule or an earlier answer tells. Does not throw: what can't be decided is
   * denied. Equal questions that are open at the same time are one.
   *
   * @param signal Its abort withdraws the question: whoever asked is gone. The answer is then a denial.
   */
  decide(question: Question, signal: AbortSignal): Promise<Decision>;
  /** Takes what happened and is no question. Does not throw. Absent: nobody wants to know. */
  note?(note: PermissionNote): void;
  /**
   * Where no connection may lead, whatever the answer: the servers through which a program could answer
   * for itself. Called at each dial. Absent: there are none.
   */
  readonly forbidden?: () => readonly Endpoint[];
}

export interface Endpoint {
  /** An IP address that is listened on; `0.0.0.0` and `::` are all of this machine's. */
  readonly address: string;
  readonly port: number;
}

/** What happened at the border of a sandbox and is no question: for people, and for reports. */
export type PermissionNote =
  /** A new name got an address inside. Nobody outside was asked for it; it may be dialled later. */
  | { readonly kind: "looked-up"; readonly name: string }
  /** The program asked for records of a kind that is never answered: `MX`, `TXT`, `HTTPS`, … */
  | { readonly kind: "dns-type"; readonly name: string; readonly type: string }
  /** It asked for more names than a run may have. */
  | { readonly kind: "too-many-names"; readonly name: string }
  /** In TLS it named another server than the one that was allowed. It is not stopped. */
  | {
      readonly kind: "other-server-name";
      readonly host: string;
      readonly port: number;
      /** The program's choice, of at most 255 characters that host names have. */
      readonly serverName: string;
    }
  /** It led to a server of Glovebox's, or to an address that no connection can have. */
  | {
      readonly kind: "forbidden";
      readonly protocol: NetProtocol;
      readonly host: string;
      readonly port: number;
      readonly address: string;
    }
  /** It was allowed, and no address could be found: there is no such name, or nobody to ask for it. */
  | { readonly kind: "not-found"; readonly host: string; readonly isUnknown: boolean }
  /** More connections, or UDP partners, at a time than a sandbox may have. */
  | {
      readonly kind: "too-many-connections";
      readonly protocol: NetProtocol;
      readonly host: string;
      readonly port: number;
    }
  /** 127.0.0.1:`hostPort` of this machine now leads to `port` inside. */
  | { readonly kind: "forwarded"; readonly port: number; readonly hostPort: number }
  /** It was allowed, and no port of this machine could be had. */
  | { readonly kind: "not-forwarded"; readonly port: number; readonly reason: string }
  /** A value went there in place of its placeholder: the program's variable `name` stands for it. */
  | {
      readonly kind: "secret-sent";
      readonly name: string;
      readonly host: string;
      readonly port: number;
    }
  /** A connection that secrets may be sent through was ended, and none of them was. */
  | {
      readonly kind: "secret-withheld";
      readonly host: string;
      readonly port: number;
      readonly why: WithheldBecause;
    };

/**
 * `not-tls`: the program did not speak TLS. `distrusted`: it did not trust the run's own certificate.
 * `other-host`: it named another server. `certificate`: that of the host is not valid.
 */
export type WithheldBecause = "not-tls" | "distrusted" | "other-host" | "certificate";
