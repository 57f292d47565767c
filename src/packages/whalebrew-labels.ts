/**
 * @module
 * An image with the labels of whalebrew, `io.whalebrew.…`, as a package's file.
 * Source: https://github.com/whalebrew/whalebrew, README, "Creating packages".
 */
import { stringify } from "yaml";
import { z } from "zod";
import { invalidRequest } from "../core/errors.ts";
import type { ImageDescription } from "../core/image.ts";
import { showValue } from "../util/show-value.ts";

const prefix = "io.whalebrew.";

const listSchema = z.array(z.string());

const listKeys = ["environment", "volumes", "ports", "networks", "volumes_from_args"] as const;
const flagKeys = ["keep_container_user"] as const;

/** @throws {GloveboxError} `INVALID_REQUEST` where it can be no package. */
export function textOfImage(
  image: string,
  description: ImageDescription | undefined,
): { readonly name: string; readonly text: string } {
  const { command = [], labels = {} } = description ?? {};
  if (command.length === 0) {
    throw invalidRequest(
      "--image",
      `\`${image}\` says of no command of its own. Write a package with \`image\` and \`command\`.`,
    );
  }
  const own = `${prefix}config.`;
  const lists = listKeys.flatMap((key) => {
    const text = labels[`${own}${key}`];
    const row = (list: string): readonly [string, readonly string[]] => [
      nameOf(key),
      parseList(`${own}${key}`, list),
    ];
    return text === undefined ? [] : [row(text)];
  });
  const flags = flagKeys.flatMap((key) =>
    labels[`${own}${key}`] === "true" ? [[key, true] as const] : [],
  );
  const directory = labels[`${own}working_dir`];
  const content = {
    image,
    ...Object.fromEntries<unknown>([...lists, ...flags]),
    ...missingVolumes(labels[`${own}missing_volumes`]),
    ...(directory === undefined ? {} : { working_dir: directory }),
  };
  const name = labels[`${prefix}name`] ?? nameOfImage(image);
  return { name, text: `#!/usr/bin/env whalebrew\n${stringify(content)}` };
}

const nameOf = (key: (typeof listKeys)[number]): string =>
  key === "volumes_from_args" ? "path_arguments" : key;

/** The labels' lists are JSON, or YAML, whose form JSON has too. */
function parseList(label: string, text: string): readonly string[] {
  try {
    const parsed = listSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Said below.
  }
  throw invalidRequest("--image", `its label ${label} is no list of texts: ${showValue(text)}.`);
}

function missingVolumes(text: string | undefined): Record<string, boolean> {
  if (text === "skip") return { skip_missing_volumes: true };
  return text === "mount" ? { mount_missing_volumes: true } : {};
}

/** `whalebrew/whalesay:1` is `whalesay`. */
const nameOfImage = (image: string): string =>
  (image.split("/").at(-1) ?? image).replace(/[:@].*$/, "");
