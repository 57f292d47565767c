/**
 * @module
 * Sandboxes that are being destroyed. Who used them does not wait for that, so who wants a new one has to:
 * a machine that destroys more slowly than it makes would else have ever more of them.
 */
import type { Provider } from "../core/provider.ts";
import { abortable } from "../util/abortable.ts";

/**
 * Half of the sandboxes that one launcher process serves at a time (providers/linux/launcher-process.ts),
 * in which each has its place until it is gone: what ends takes no second process. Where the machine keeps
 * up, there are hardly more than cores.
 */
export const mostDestroying = 64;

export class DestroyBacklog {
  readonly #most: number;
  readonly #ending = new Set<Promise<void>>();
  /** One for all who wait. */
  #nextGone: Promise<void> | undefined;
  #onGone: () => void = () => undefined;

  constructor(most = mostDestroying) {
    this.#most = most;
  }

  /** Being destroyed now. */
  get size(): number {
    return this.#ending.size;
  }

  /** Counts one until its end. @returns `ending` */
  add(ending: Promise<void>): Promise<void> {
    this.#ending.add(ending);
    const onGone = (): void => {
      this.#ending.delete(ending);
      this.#nextGone = undefined;
      this.#onGone();
    };
    void ending.then(onGone, onGone);
    return ending;
  }

  /**
   * Resolves when there is room for a new one.
   *
   * @throws The reason of `signal`, if it aborts first.
   */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#ending.size >= this.#most) await abortable(this.#untilNextIsGone(), signal);
  }

  /** The same, once there is room; the end of what it creates is counted. */
  bound(create: Provider["create"]): Provider["create"] {
    return async (spec, signal, ahead) => {
      await this.room(signal);
      const sandbox = await create(spec, signal, ahead);
      let ending: Promise<void> | undefined;
      const destroy = (): Promise<void> => (ending ??= this.add(sandbox.destroy()));
      return { ...sandbox, destroy, [Symbol.asyncDispose]: destroy };
    };
  }

  #untilNextIsGone(): Promise<void> {
    this.#nextGone ??= new Promise((resolve) => {
      this.#onGone = resolve;
    });
    return this.#nextGone;
  }
}
