/**
 * @module
 * Calls that wait in a sandbox: each is answered, or its caller is gone.
 */
import type { PermissionGate } from "../../../core/permission.ts";
import type { Policy } from "../../../core/policy.ts";
import type { Egress } from "../../../egress/egress.ts";
import type { CallAnswer } from "../../../egress/sandbox-network.ts";
import { askedSockets } from "./asked-paths.ts";
import type { AskingLauncher } from "./asking-launcher.ts";
import { errnoOf } from "./errno.ts";
import type { AskEvent } from "./events.ts";

export interface AnswerCallsOptions {
  readonly egress: Egress | undefined;
  readonly gate: PermissionGate;
  readonly policy: Policy;
}

type Connect = Extract<AskEvent, { readonly event: "connect" }>;
type SocketPath = Extract<AskEvent, { readonly event: "socket-path" }>;

const denied: CallAnswer = { kind: "errno", errno: "EACCES" };

/** From now on; all that wait are given up by `close`. */
export function answerCalls(
  asking: AskingLauncher,
  options: AnswerCallsOptions,
): { close(): void } {
  const { egress } = options;
  const waiting = new Map<string, AbortController>();
  const toSocket = socketGrants(asking, options);

  const toEndpoint = async (call: Connect, signal: AbortSignal): Promise<CallAnswer> => {
    const { protocol, address, port, process } = call;
    const caller = process === undefined ? {} : { process };
    return (await egress?.take({ protocol, address, port, signal, ...caller })) ?? denied;
  };

  const answer = async (
    id: string,
    decide: (signal: AbortSignal) => Promise<CallAnswer>,
  ): Promise<void> => {
    const controller = new AbortController();
    waiting.set(id, controller);
    // A fault of ours must not let anything through, nor leave the program waiting.
    const answered = await decide(controller.signal).catch(() => denied);
    if (!waiting.delete(id)) return;
    const errno = answered.kind === "continue" ? 0 : errnoOf(answered.errno);
    asking.tell("answer", [id, String(errno)]);
  };

  const giveUp = (id: string): void => {
    const controller = waiting.get(id);
    waiting.delete(id);
    controller?.abort();
  };

  asking.onEvent((event) => {
    if (event.event === "connect") void answer(event.id, (signal) => toEndpoint(event, signal));
    else if (event.event === "socket-path")
      void answer(event.id, (signal) => toSocket(event, signal));
    else if (event.event === "gone") giveUp(event.id);
    else if (event.event === "listen") egress?.listened(event.port, event.address, event.process);
  });
  return {
    close: () => {
      for (const id of [...waiting.keys()]) giveUp(id);
    },
  };
}

/** A Unix socket of the host that was allowed is mounted where the program looks for it, and stays. */
function socketGrants({ request }: AskingLauncher, { gate, policy }: AnswerCallsOptions) {
  const sockets = askedSockets(policy);
  const granted = new Map<number, Promise<unknown>>();
  return async (call: SocketPath, signal: AbortSignal): Promise<CallAnswer> => {
    const socket = sockets[call.number];
    if (socket === undefined) return denied;
    const { hostPath, insidePath } = socket;
    const caller = call.process === undefined ? {} : { process: call.process };
    const question = { subject: { kind: "socket", path: hostPath }, ...caller } as const;
    const { isAllowed } = await gate.decide(question, signal);
    if (!isAllowed) return denied;
    const grant = granted.get(call.number) ?? request("grant", ["rw", hostPath, insidePath]);
    granted.set(call.number, grant);
    await grant;
    return { kind: "continue" };
  };
}
