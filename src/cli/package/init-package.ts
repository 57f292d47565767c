/**
 * @module
 * `glovebox package init`
 */
import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import { showName } from "../../permissions/show-untrusted.ts";
import { printNote } from "../print.ts";
import { checkName } from "./package-places.ts";

export interface InitFlags {
  readonly image?: string;
  readonly language?: string;
  readonly command?: string;
}

/** Writes a package to begin with, into the current folder. */
export function initPackage(file: string, flags: InitFlags): number {
  const name = basename(file);
  checkName(name);
  if (flags.language !== undefined && flags.command !== undefined) {
    throw invalidRequest(
      "--command",
      "can't be used together with --language. Leave one of them out.",
    );
  }
  try {
    writeFileSync(file, initialText(name, flags), { flag: "wx", mode: 0o755 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw invalidRequest(
      "FILE",
      code === "EEXIST"
        ? `\`${file}\` is there already.`
        : `\`${file}\` can't be written: ${String(code)}.`,
    );
  }
  printNote(
    `wrote ${showName(file)}. Edit it, and run it as \`${file.includes("/") ? file : `./${file}`}\``,
  );
  return 0;
}

function initialText(name: string, { image, language, command }: InitFlags): string {
  const quoted = JSON.stringify;
  const program =
    language === undefined
      ? [`command: ${quoted(command ?? name)}`]
      : [`language: ${quoted(language)}`, "script: |", "  # the program"];
  return `${[
    "#!/usr/bin/env glovebox",
    "# What each line means: docs/packages.md, or `glovebox package schema` for your editor.",
    "glovebox: 1",
    `name: ${quoted(name)}`,
    `version: "1"`,
    `description: ""`,
    ...(image === undefined ? [] : [`image: ${quoted(image)}`]),
    ...program,
    "# What it may do. It is asked about once, before the first run.",
    "workspace: ro        # none, ro, rw or copy: of the folder in which it is started",
    "network: none        # none, ask, all, or a list: [api.github.com:443]",
    "environment: []      # names of variables of yours",
    "files: []            # paths; ~ is your home",
  ].join("\n")}\n`;
}
