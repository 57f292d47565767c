/**
 * @module
 * A sandbox for a caller who runs one command after the other in it. It has a slot for its whole life.
 */
import { invalidRequest } from "../core/errors.ts";
import type { Provider, ProviderSandbox } from "../core/provider.ts";
import type { SandboxSpec } from "../core/sandbox.ts";
import type { ActiveWork } from "./active-work.ts";
import type { Slot, SlotRequest, Slots } from "./slots.ts";

export interface SandboxOpener {
  readonly provider: Provider;
  readonly slots: Slots;
  readonly work: ActiveWork;
}

/** See `ExecutionService.createSandbox`. */
export async function openSandbox(
  { provider, slots, work }: SandboxOpener,
  spec: SandboxSpec,
  place: SlotRequest,
  signal: AbortSignal,
): Promise<ProviderSandbox> {
  if (spec.image !== undefined && provider.images === undefined) {
    throw invalidRequest("image", `sandboxes of \`${provider.name}\` have none. Leave it out`);
  }
  return work.track(signal, async (openSignal) => {
    const slot = await slots.acquire(place, openSignal);
    try {
      return held(await provider.create(spec, openSignal), slot, work);
    } catch (error) {
      slot.release();
      throw error;
    }
  });
}

/** Its end frees the slot, and the end of all work is its end. */
function held(sandbox: ProviderSandbox, slot: Slot, work: ActiveWork): ProviderSandbox {
  let destroyed: Promise<void> | undefined;
  let onGone: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    onGone = resolve;
  });
  const destroy = (): Promise<void> => {
    destroyed ??= sandbox.destroy().finally(() => {
      slot.release();
      onGone();
    });
    return destroyed;
  };
  const living = work.track(new AbortController().signal, async (closing) => {
    closing.addEventListener("abort", () => void destroy(), { once: true });
    await gone;
  });
  // Closed already: nobody else would destroy it.
  living.catch(() => void work.add(destroy()));
  return {
    id: sandbox.id,
    enforcement: sandbox.enforcement,
    exec: (command, signal) => sandbox.exec(command, signal),
    collect: (request, signal) => sandbox.collect(request, signal),
    kill: (name) => sandbox.kill(name),
    resize: (size) => sandbox.resize(size),
    destroy,
    [Symbol.asyncDispose]: destroy,
  };
}
