import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contrast } from "./contrast.ts";

/** WCAG 1.4.3, for text. */
const ENOUGH = 4.5;
const css = readFileSync(join(import.meta.dirname, "theme.css"), "utf8");
const usual: Record<string, string> = {};
const themes = [...css.matchAll(/:root(?:\[data-theme="(\w+)"\])? \{([^}]*)\}/g)].map(
  ([, name = "light", rules = ""]) => {
    const own = Object.fromEntries(
      [...rules.matchAll(/--([\w-]+): (#\w{6});/g)].map(([, key = "", value = ""]) => [key, value]),
    );
    if (name === "light") Object.assign(usual, own);
    return [name, { ...usual, ...own }] as const;
  },
);
const texts = /^(ansi-\d+|text|dim|accent|good|bad|warn|keyword|string|number|comment|name|type)$/;
const ansi = Array.from({ length: 16 }, (_, index) => `ansi-${index}`);
const pairs = ansi.flatMap((ground) =>
  [...ansi, "text"].filter((text) => text !== ground).map((text) => [ground, text] as const),
);
const grounds = ["page", "pane", "raised", "active-line"];

describe.each(themes)("the theme %s", (_, colours) => {
  test.each(Object.keys(colours).filter((key) => texts.test(key)))(
    "has %s that can be read",
    (key) => {
      for (const ground of grounds) {
        expect(
          contrast(partsOf(colours[key]!), partsOf(colours[ground]!)),
          ground,
        ).toBeGreaterThanOrEqual(ENOUGH);
      }
    },
  );

  test("has colours that can be told from a tint of each other, where a program has both", () => {
    for (const [ground, text] of pairs) {
      const tint = mix(colours[ground]!, colours["pane"]!);
      expect(
        contrast(partsOf(colours[text]!), tint),
        `${text} on ${ground}`,
      ).toBeGreaterThanOrEqual(2.99);
    }
  });
});

/** As `groundOf` of output has it. */
const mix = (colour: string, pane: string): readonly number[] =>
  partsOf(colour).map((part, index) => 0.2 * part + 0.8 * (partsOf(pane)[index] ?? 0));

const partsOf = (colour: string): readonly number[] =>
  [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
