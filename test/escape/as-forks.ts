/**
 * @module
 * Makes each program a fork's: a Perl that was started ahead gives it its place by execve(2), and with it
 * all that the fork may do, or may not.
 */
import type { AheadCommand, Command } from "../../src/core/command.ts";
import type { Provider, ProviderSandbox } from "../../src/core/provider.ts";
import type { SandboxSpec } from "../../src/core/sandbox.ts";

const entry = ".become.pl";

/** @param provider One that forks. Where it can't, as in a mounted folder, a program is started as ever. */
export async function asForks(provider: Provider): Promise<Provider> {
  const { enforcement } = await provider.probe();
  return {
    ...provider,
    create: (spec, signal) => {
      if (spec.policy.workspace.kind !== "scratch" || spec.policy.network.mode !== "none")
        return provider.create(spec, signal);
      return Promise.resolve(new LateSandbox(provider, spec, enforcement));
    },
  };
}

/** Only with its first command it is known what the fork has to be. */
class LateSandbox implements ProviderSandbox {
  readonly id = "late";
  readonly enforcement: ProviderSandbox["enforcement"];
  readonly #provider: Provider;
  readonly #spec: SandboxSpec;
  #made: ProviderSandbox | undefined;

  constructor(provider: Provider, spec: SandboxSpec, enforcement: ProviderSandbox["enforcement"]) {
    this.#provider = provider;
    this.#spec = spec;
    this.enforcement = enforcement;
  }

  async exec(command: Command, signal: AbortSignal): ReturnType<ProviderSandbox["exec"]> {
    if (this.#made !== undefined) return this.#made.exec(command, signal);
    const words = command.argv.map((word) => `'${word.replace(/[\\']/g, "\\$&")}'`);
    const content = Buffer.from(`exec { ${words[0] ?? ""} } ${words.join(", ")};\n`);
    const spec = { ...this.#spec, files: [...this.#spec.files, { path: entry, content }] };
    const ahead = aheadOf(command);
    this.#made = await this.#provider.create(spec, signal, ahead);
    return this.#made.exec({ ...command, argv: ahead.argv }, signal);
  }

  collect(...args: Parameters<ProviderSandbox["collect"]>): ReturnType<ProviderSandbox["collect"]> {
    if (this.#made === undefined) throw new Error("no command has run");
    return this.#made.collect(...args);
  }

  kill(signal: NodeJS.Signals): void {
    this.#made?.kill(signal);
  }

  resize(size: Parameters<ProviderSandbox["resize"]>[0]): void {
    this.#made?.resize(size);
  }

  async destroy(): Promise<void> {
    await this.#made?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }
}

function aheadOf({ env, cwd, stdin, limits }: Command): AheadCommand {
  return {
    argv: ["perl", entry],
    ...{ env, cwd, stdin: stdin === "empty" ? "empty" : "pipe", cpuTimeMs: limits.cpuTimeMs },
    isOwn: false,
    park: { mode: "fork", point: "open", entry, trial: "" },
  };
}
