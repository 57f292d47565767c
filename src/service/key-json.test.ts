import { expect, test } from "vitest";
import type { KeyEntry } from "../storage/keys-store.ts";
import { keyToJson } from "./key-json.ts";

const entry: KeyEntry = {
  id: "abcdefgh",
  name: "ci",
  scopes: ["run"],
  rules: {},
  createdAtMs: 86_400_000,
  expiresAtMs: null,
  revokedAtMs: null,
  lastUsedAtMs: null,
};
const now = 5 * 86_400_000;

test("as JSON it has our names and times", () => {
  const rules = { requestsPerMinute: 60, maxLimits: { wallTimeMs: 500 } };
  expect(keyToJson({ ...entry, rules, expiresAtMs: 1 }, now)).toEqual({
    id: "abcdefgh",
    name: "ci",
    scopes: ["run"],
    state: "expired",
    rules: { requests_per_minute: 60, max_limits: { wall_time_ms: 500 } },
    created_at: "1970-01-02T00:00:00.000Z",
    expires_at: "1970-01-01T00:00:00.001Z",
    revoked_at: null,
    last_used_at: null,
  });
});
