/**
 * @module
 * One stream of a program, as it comes in frames: kept while its reader is busy, and never more of it
 * than the launcher was told to send.
 */
import { EventEmitter } from "node:events";
import type { OutputSource } from "./launcher.ts";

/** The launcher sends up to 256 KiB unasked; it is told of what was read in pieces of this. */
const TAKEN_BYTES = 64 * 1024;

export class LaneOutput extends EventEmitter implements OutputSource {
  readonly #tellTaken: (bytes: number) => void;
  #kept: Buffer[] = [];
  #isPaused = false;
  #untoldBytes = 0;
  destroyed = false;

  /** @param tellTaken Called once the reader has done with so many further bytes. */
  constructor(tellTaken: (bytes: number) => void) {
    super();
    this.#tellTaken = tellTaken;
  }

  push(chunk: Buffer): void {
    if (this.#isPaused) this.#kept.push(chunk);
    else this.#deliver(chunk);
  }

  end(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const kept = this.#kept;
    this.#kept = [];
    // Its reader may pause it again.
    for (const chunk of kept) this.push(chunk);
  }

  #deliver(chunk: Buffer): void {
    this.emit("data", chunk);
    this.#untoldBytes += chunk.length;
    if (this.#untoldBytes < TAKEN_BYTES) return;
    this.#tellTaken(this.#untoldBytes);
    this.#untoldBytes = 0;
  }
}
