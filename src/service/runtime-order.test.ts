import { expect, test } from "vitest";
import type { Runtime } from "../core/language.ts";
import { createProcessProvider } from "../providers/process/index.ts";
import { compareRuntimes, newestOf } from "./runtime-order.ts";

const provider = createProcessProvider();

type Images = Readonly<Record<string, string | null | undefined>>;

/**
 * @param images By name the version that its program says; null for none, undefined for an image without
 * the language.
 */
async function newest(wanted: string, images: Images): Promise<unknown> {
  const asked: string[] = [];
  const places = Object.keys(images).map((image) => ({ provider, image }));
  const found = await newestOf(places, wanted, ({ image = "" }) => {
    asked.push(image);
    const version = images[image];
    return Promise.resolve(version === undefined ? null : { languageId: "x", version, image });
  });
  return { found: found?.image, asked };
}

test.each<[string, Images, string | undefined, readonly string[]]>([
  // By number, not by letter; and those that can't be newer are not asked.
  ["*", { "x:3.10": "3.10.1", "x:3.13": "3.13.1", "x:3.9": "3.9.9" }, "x:3.13", ["x:3.13"]],
  ["3", { "x:3.10": "3.10.1", "x:3.13": "3.13.1", "x:3.9": "3.9.9" }, "x:3.13", ["x:3.13"]],
  ["3.9", { "x:3.10": "3.10.1", "x:3.13": "3.13.1", "x:3.9": "3.9.9" }, "x:3.9", ["x:3.9"]],
  [
    "*",
    { "x:3.9-slim": "3.9", "r.io:5000/x:v3.10": "3.10" },
    "r.io:5000/x:v3.10",
    ["r.io:5000/x:v3.10"],
  ],
  // A tag that says less may hide the newest, or an old one.
  ["*", { "x:3.12": "3.12.1", "x:3": "3.14.1", "x:3.13": "3.13.1" }, "x:3", ["x:3"]],
  ["*", { "x:3": "3.11.2", "x:3.12": "3.12.1" }, "x:3.12", ["x:3", "x:3.12"]],
  [
    "*",
    { "x:2": "2.1", "x:debian": "1.5", "x:latest": "3.0" },
    "x:latest",
    ["x:debian", "x:latest"],
  ],
  // Without the language, or of another version than its tag says.
  ["*", { "x:4": undefined, "x:3": "3.1" }, "x:3", ["x:4", "x:3"]],
  ["3", { "x:3": "2.9", "x:2": "3.1" }, "x:2", ["x:3", "x:2"]],
  ["*", { "x:4": null, "x:3": "3.1" }, "x:3", ["x:4", "x:3"]],
  ["*", { "x:4": null }, "x:4", ["x:4"]],
  ["4", { "x:4": null }, undefined, ["x:4"]],
  ["2.0b4", { "x:2.0b4": "2.0b4", "x:1": "1.9" }, "x:2.0b4", ["x:2.0b4"]],
  ["*", {}, undefined, []],
])("%s of %j is in %s", async (wanted, images, found, asked) => {
  expect(await newest(wanted, images)).toEqual({ found, asked });
});

test("runtimes are in the order of their versions, the newest first", () => {
  const runtimes = ["3.9", null, "3.10", "3", "10.0", "3.10.1"].map((version): Runtime => {
    return { languageId: "x", version };
  });
  const sorted = runtimes.sort(compareRuntimes).map(({ version }) => version);
  expect(sorted).toEqual(["10.0", "3.10.1", "3.10", "3.9", "3", null]);
});
