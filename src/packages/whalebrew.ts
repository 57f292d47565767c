/**
 * @module
 * Packages of whalebrew, as its files and the labels of its images have them, in our words.
 * Source: https://github.com/whalebrew/whalebrew, README, "Creating packages" and "Configuration".
 */
import { z } from "zod";
import { invalidRequest } from "../core/errors.ts";
import { parseWith } from "../util/zod-issues.ts";
import { packageFormat, type packageSchema } from "./package.ts";

const list = z.array(z.string()).default([]);

const whalebrewSchema = z.strictObject({
  image: z.string(),
  entrypoint: z.array(z.string()).optional(),
  environment: list,
  volumes: list,
  ports: list,
  networks: list,
  working_dir: z.string().optional(),
  keep_container_user: z.boolean().default(false),
  skip_missing_volumes: z.boolean().default(false),
  mount_missing_volumes: z.boolean().default(false),
  required_version: z.string().optional(),
  path_arguments: list,
});

type Whalebrew = z.output<typeof whalebrewSchema>;
type Written = z.input<typeof packageSchema>;
type FileWritten = Exclude<NonNullable<Written["files"]>, string>[number];

/** @throws {GloveboxError} `INVALID_REQUEST` for what can't be had here. */
export function fromWhalebrew(
  content: unknown,
  { origin, name }: { readonly origin: string; readonly name: string },
): Written {
  const parsed = parseWith(whalebrewSchema, content, "the package");
  if (!parsed.ok) {
    const all = parsed.issues.map(({ path, message }) => `${path} ${message}`).join("; ");
    throw invalidRequest(origin, `${all}.`);
  }
  const it = parsed.value;
  refuseUnknown(it, origin);
  return {
    glovebox: packageFormat,
    name,
    image: it.image,
    ...(it.entrypoint === undefined ? {} : { command: it.entrypoint }),
    environment: it.environment,
    workspace: "rw",
    files: it.volumes.map((volume) => fileOf(volume, it, origin)),
    // Its containers have Docker's usual network.
    network: "all",
    ports: it.ports.map((port) => portOf(port, origin)),
  };
}

/** What would be left out unnoticed is refused. */
function refuseUnknown({ networks, path_arguments }: Whalebrew, origin: string): void {
  const [network] = networks.filter((each) => each !== "host" && each !== "bridge");
  if (network !== undefined) {
    throw invalidRequest(
      origin,
      `networks: \`${network}\` is a network of Docker's; none is joined here.`,
    );
  }
  if (path_arguments.length === 0) return;
  throw invalidRequest(
    origin,
    "path_arguments: folders named by arguments are not shown here. Take it out, and start the package in that folder.",
  );
}

/**
 * `HOST:INSIDE[:MODE]`, or one path for both. A home is a home, whoever it belongs to inside.
 */
function fileOf(
  volume: string,
  { skip_missing_volumes, mount_missing_volumes }: Whalebrew,
  origin: string,
): FileWritten {
  const [host = "", inside = host, mode = "rw"] = volume.split(":");
  const path = host.replace(/^\$(HOME\b|\{HOME\})/, "~");
  const isSamePlace =
    inside === host || inside.replace(/^(\/root|\/home\/[^/]+)(?=\/|$)/, "~") === path;
  if (isSamePlace && (mode === "rw" || mode === "ro")) {
    return { path, access: mode, optional: skip_missing_volumes || mount_missing_volumes };
  }
  throw invalidRequest(
    origin,
    `volumes: \`${volume}\` can't be had: files appear where they lie, and those of your home in its own.`,
  );
}

function portOf(text: string, origin: string): number {
  const [, port] = /^(?:\d+:)?(\d+)(?:\/tcp)?$/.exec(text) ?? [];
  if (port !== undefined) return Number(port);
  throw invalidRequest(origin, `ports: \`${text}\` is no TCP port.`);
}
