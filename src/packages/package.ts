/**
 * @module
 * A package: what an executable YAML file says of a program and of all that it may do. docs/packages.md
 * has each key; the editor's schema is made from these.
 */
import { z } from "zod";
import { imageForm, isImageName } from "../core/image.ts";

/** What `glovebox:` says in a file that this version can read. */
export const packageFormat = 1;

/** More than somebody can read before saying yes: what counts would be off the screen. */
const maxWishes = 32;

const text = (max: number) => z.string().min(1).max(max);
const line = (max: number) => text(max).regex(/^[^\0\n\r]+$/, "one line");

export const packageName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$/, "letters, digits and + . _ -, at most 64");

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*(=[^\0]*)?$/, "NAME for yours, or NAME=VALUE");

const words = z
  .union(
    [
      line(4096)
        .regex(/^\S+$/, "a program's name; a list for more words")
        .transform((word) => [word]),
      z.array(z.string().max(4096)).min(1),
    ],
    { error: "must be a program's name, or a list of words: no shell reads it" },
  )
  .describe("A program and its first arguments. No shell reads it.");

const fileAccess = z.union(
  [
    line(4096).transform((path) => ({ path, access: "ro" as const, optional: false })),
    z.strictObject({
      path: line(4096).describe("Of this machine; ~ is your home. It appears at the same place."),
      access: z.enum(["ro", "rw"]).default("ro"),
      optional: z.boolean().default(false).describe("Left out where it does not exist."),
    }),
  ],
  { error: "must be a path, or { path, access: ro or rw, optional }" },
);

const amount = z.union([z.string().max(32), z.int().positive().transform(String)], {
  error: "must be as the flag of `glovebox run` has it",
});

/** As the flags of `glovebox run` take them. */
const limits = z.strictObject({
  timeout: amount.optional(),
  cpu: amount.optional(),
  memory: amount.optional(),
  processes: amount.optional(),
  output: amount.optional(),
  disk: amount.optional(),
  open_files: amount.optional(),
});

const port = z.int().min(1).max(65_535);

export const packageSchema = z
  .strictObject({
    glovebox: z.literal(packageFormat).describe("The version of this format."),
    name: packageName,
    version: z
      .union([line(64), z.number().transform(String)], { error: "must be a text, like 1.2" })
      .default("0")
      .describe("Of the package. For people."),
    description: z
      .string()
      .max(300)
      .regex(/^[^\0\n\r]*$/, "one line")
      .default(""),
    image: z
      .string()
      .refine((name) => name === "host" || isImageName(name), `\`host\`, or ${imageForm}`)
      .default("host")
      .describe("Where its programs come from: an OCI image, or `host`, this machine's."),
    dockerfile: text(64 * 1024)
      .optional()
      .describe("Instead of an image: Docker builds one, without any other file."),
    provider: z.enum(["auto", "linux", "docker"]).default("auto"),
    debian: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9+.-]*$/, "a package's name"))
      .default([])
      .describe("Packages of Debian that have the program, for who lacks it."),
    language: line(64).optional().describe("Of `script`: an id of `glovebox languages`."),
    command: words.optional(),
    script: text(512 * 1024)
      .optional()
      .describe("The program itself, instead of a command."),
    arguments: z.array(z.string().max(4096)).default([]).describe("Put before those of the user."),
    environment: z.array(variable).max(maxWishes).default([]),
    workspace: z
      .enum(["none", "ro", "rw", "copy"])
      .default("ro")
      .describe("What it gets of the folder in which it is started."),
    files: z
      .union([z.literal("ask"), z.array(fileAccess).max(maxWishes)], {
        error: `must be \`ask\`, or a list of at most ${maxWishes} files`,
      })
      .default([])
      .describe("Of this machine besides the workspace; `ask`: you are asked, live."),
    network: z
      .union([z.enum(["none", "ask", "all"]), z.array(line(300)).min(1).max(maxWishes)], {
        error: `must be none, ask, all or a list of HOST:PORT, at most ${maxWishes}`,
      })
      .default("none")
      .describe("HOST:PORT it may connect to; `ask`: you are asked, live."),
    ports: z
      .array(port)
      .max(maxWishes)
      .default([])
      .describe("It listens on them, and this machine reaches them."),
    secrets: z
      .array(line(600))
      .max(maxWishes)
      .default([])
      .describe("NAME@HOST, see docs/secrets.md."),
    limits: limits.default({}),
    tty: z
      .enum(["auto", "always", "never"])
      .default("auto")
      .describe("`auto`: it has your terminal where stdin and stdout are one."),
    working_dir: line(4096)
      .optional()
      .describe("Where it starts: absolute inside, or in the workspace, which is /workspace."),
  })
  .refine(({ command, script }) => command === undefined || script === undefined, {
    message: "`command` and `script` can't both be there",
  })
  .refine(
    ({ command, script, image, dockerfile }) =>
      command !== undefined || script !== undefined || image !== "host" || dockerfile !== undefined,
    { message: "there is nothing to run: write `command`, or `language` and `script`" },
  )
  .refine(({ dockerfile, image }) => dockerfile === undefined || image === "host", {
    message: "`image` and `dockerfile` can't both be there",
  })
  .refine(({ dockerfile, provider }) => dockerfile === undefined || provider !== "linux", {
    message: "`dockerfile` needs the provider docker",
  })
  .refine(({ language, script }) => (language === undefined) === (script === undefined), {
    message: "`language` and `script` belong together",
  });

/** Checked, with its defaults. Without command and script it is the image's own command. */
export type Package = z.output<typeof packageSchema>;

/** For editors: JSON Schema, draft 2020-12. */
export function packageJsonSchema(): Record<string, unknown> {
  return {
    title: "A package of Glovebox",
    ...z.toJSONSchema(packageSchema, { io: "input" }),
  };
}
