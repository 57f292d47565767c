import { expect, test } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import { GloveboxError } from "../core/errors.ts";
import type { ImageStore } from "../core/image.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import { createProcessProvider } from "../providers/process/index.ts";
import { missingVersion } from "./missing-version.ts";

const host = createProcessProvider();
const unused = (): Promise<never> => Promise.reject(new Error("not called"));
const images: ImageStore = { find: unused, describe: unused, pull: unused, remove: unused };
const withImages: Provider = { ...host, images };
const ofImages: Provider = { ...withImages, programs: "image" };

const pulled = languageNamed("pulled", { title: "Pulled" });
const built: LoadedLanguage = { ...pulled, dockerfileText: "FROM scratch" };
const own: Runtime = { languageId: "pulled", version: "1.2" };
const other: Runtime = { languageId: "pulled", version: null, image: "pulled:2" };

const reason = new GloveboxError("LANGUAGE_NOT_INSTALLED", "the reason", {
  language: "pulled",
  hint: "",
});

test.each<[string, Provider, LoadedLanguage, string, readonly Runtime[], string]>([
  [
    "the versions that are there, and the command",
    ...([withImages, pulled, "3", [own, other]] as const),
    'Pulled "3" is not installed on this host, which has 1.2, one of unknown version (pulled:2). Use one of these, or get it: glovebox languages install pulled@3',
  ],
  [
    "the daemon's images",
    ...([ofImages, pulled, "v3.1", [own]] as const),
    'Pulled "v3.1" is not installed on this host, which has 1.2. Use one of these, or get it: glovebox languages install pulled@3.1 --provider docker',
  ],
  [
    "no other version",
    ...([withImages, pulled, "3", []] as const),
    'Pulled "3" is not installed on this host, nor is another version. Get it: glovebox languages install pulled@3',
  ],
  [
    "a provider without images",
    ...([host, pulled, "3", [own]] as const),
    'Pulled "3" is not installed on this host, which has 1.2. Use one of these, or leave the version out',
  ],
  [
    "an image that is built",
    ...([withImages, built, "3", [own]] as const),
    'Pulled "3" is not installed on this host, which has 1.2. Use one of these, or leave the version out',
  ],
  [
    "what can be no tag",
    ...([withImages, pulled, "; rm\n", [own]] as const),
    'Pulled "; rm\\n" is not installed on this host, which has 1.2. Use one of these, or leave the version out',
  ],
  ["nothing at a daemon", ofImages, pulled, "3", [], "the reason"],
  ["nothing, and no version to get", withImages, built, "3", [], "the reason"],
])("says what to do: %s", (_what, provider, language, wanted, found, message) => {
  expect(missingVersion({ provider, language, wanted, found }, reason)).toMatchObject({
    code: "LANGUAGE_NOT_INSTALLED",
    message,
  });
});

test("where the usual one is there, nothing is the reason", () => {
  const wanted = { provider: withImages, language: pulled, wanted: "3", found: [own] };
  const error = missingVersion(wanted) as Error;
  expect(error.message).toMatch(/which has 1\.2\. Use one of these/);
  expect(error).not.toHaveProperty("cause");
  // Removed since.
  const gone = { ...wanted, language: built, found: [] };
  expect(missingVersion(gone)).toHaveProperty(
    "message",
    'Pulled "3" is not installed on this host, nor is another version. Get it: glovebox languages install pulled',
  );
});

test("another failure stays as it was", () => {
  const error = new Error("no sandbox today");
  const wanted = { provider: withImages, language: pulled, wanted: "3", found: [own] };
  expect(missingVersion(wanted, error)).toBe(error);
});
