/**
 * @module
 * What it means that this host can't hold programs, and what can be done about it.
 */
import { GloveboxError, isGloveboxError } from "../../../core/errors.ts";

interface Lack {
  /** In the launcher's words. */
  readonly failure: RegExp;
  readonly control: "network" | "files";
  readonly remedy: string;
}

const lacks: readonly Lack[] = [
  {
    // A container engine's, or that of WSL's mirrored network: a process can have one only.
    failure: /asking: a filter above/,
    control: "network",
    remedy:
      "something around this process answers system calls itself: start it outside of that, or allow what it needs with `--network all`",
  },
  {
    failure: /install the seccomp filter/,
    control: "network",
    remedy: "asking about connections needs Linux 5.0 or newer",
  },
  {
    failure: /ask-fs: open \/dev\/fuse/,
    control: "files",
    remedy:
      "let this user open it: as root `modprobe fuse; chmod 666 /dev/fuse`, in a container start that with `--device /dev/fuse`; or name what it may read: `--files none --allow-read PATH`",
  },
  {
    failure: /ask-fs: mount it/,
    control: "files",
    remedy:
      "FUSE in user namespaces needs Linux 4.18 or newer; or name what it may read: `--files none --allow-read PATH`",
  },
];

/** The same failure; where it is a lack of this host's for asking, `POLICY_UNENFORCEABLE`. */
export function cannotAsk(error: unknown): unknown {
  if (!isGloveboxError(error)) return error;
  const lack = lacks.find(({ failure }) => failure.test(error.message));
  if (lack === undefined) return error;
  const reason = error.message.replace(/ Run `glovebox doctor`\.$/, "");
  return new GloveboxError(
    "POLICY_UNENFORCEABLE",
    `${reason} This host can't ask about ${lack.control === "network" ? "connections" : "files"}: ${lack.remedy}.`,
    { provider: "linux", controls: [lack.control] },
    { cause: error },
  );
}
