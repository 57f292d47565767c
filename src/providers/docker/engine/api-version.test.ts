import { expect, test } from "vitest";
import { chooseApiVersion } from "./api-version.ts";

const endpoint = { description: "unix:///x", isLocal: true, isSecure: false, connection: {} };
const choose = (ApiVersion: unknown, MinAPIVersion?: unknown): string =>
  chooseApiVersion(endpoint, { ApiVersion, MinAPIVersion });

test.each([
  ["Docker 19.03", "1.40", "1.12", "1.40"],
  ["Podman 4", "1.41", "1.24", "1.41"],
  ["Docker 28", "1.50", "1.24", "1.44"],
  ["Docker 29", "1.52", "1.44", "1.44"],
  ["one that has forgotten ours", "1.60", "1.50", "1.50"],
  ["one that does not say its lowest", "1.43", undefined, "1.43"],
])("speaks to %s (%s, at least %s) in %s", (_what, highest, lowest, expected) => {
  expect(choose(highest, lowest)).toBe(expected);
});

test("refuses a daemon that is too old", () => {
  expect(() => choose("1.39", "1.12")).toThrow(
    expect.objectContaining({ code: "PROVIDER_UNAVAILABLE" }),
  );
});

test.each([[undefined], ["2.0"], ["1.44/../x"], [1.44]])("refuses the version %j", (version) => {
  expect(() => choose(version)).toThrow("does not say which API version");
});

test("refuses what is no answer of a daemon", () => {
  expect(() => chooseApiVersion(endpoint, undefined)).toThrow("does not say");
  expect(() => chooseApiVersion(endpoint, ["1.44"])).toThrow("does not say");
});
