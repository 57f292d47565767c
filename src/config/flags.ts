/**
 * @module
 * Which flag of `glovebox serve` stands for which field of the configuration file.
 */

export const flagTable = [
  ["host", "server.host"],
  ["port", "server.port"],
  ["insecureNoAuth", "server.insecureNoAuth"],
  ["auth", "server.auth"],
  ["cors", "server.corsOrigins"],
  ["storage", "storage.folder"],
  ["judge0Port", "wires.judge0Port"],
  ["pistonPort", "wires.pistonPort"],
  ["provider", "provider"],
  ["allowedProviders", "allowedProviders"],
  ["allowUnsafeProcess", "allowUnsafeProcess"],
  ["dockerHost", "docker.host"],
  ["ociRuntime", "docker.ociRuntime"],
  ["pull", "docker.pullPolicy"],
  ["allowedImages", "images.allowed"],
  ["enforcement", "enforcement"],
  ["logLevel", "logLevel"],
] as const satisfies readonly (readonly [option: string, path: string])[];

/** Options as the parser of the command line names them; absent: not given. */
export type ConfigFlags = Partial<Record<(typeof flagTable)[number][0], string | boolean>>;

/** The given flags, in the shape of the configuration file. */
export function flagsToConfig(flags: ConfigFlags): Readonly<Record<string, unknown>> {
  const config: Record<string, unknown> = {};
  for (const [option, path] of flagTable) {
    const value = flags[option];
    if (value === undefined) continue;
    const [section = "", field] = path.split(".");
    if (field === undefined) config[section] = value;
    else config[section] = { ...(config[section] as object | undefined), [field]: value };
  }
  return config;
}

/** A field as messages name it: `server.host (--host)` where there is a flag for it. */
export function fieldWithFlag(path: string): string {
  const option = flagTable.find(([, known]) => known === path)?.[0];
  if (option === undefined) return path;
  const flag = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `${path} (--${flag})`;
}
