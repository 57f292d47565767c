import { expect, test } from "vitest";
import { createMetrics } from "../observe/metrics.ts";
import { watchProviders } from "./watch-service.ts";

const stats = {
  ready: 2,
  readyBytes: 1000,
  oldestMs: 1500,
  hits: 5,
  misses: 1,
  made: 4,
  makeMs: 30,
};

async function scraped(providers: Parameters<typeof watchProviders>[1]): Promise<string> {
  const metrics = createMetrics({ languageIds: [] });
  try {
    watchProviders(metrics, providers);
    return (await metrics.scrape()).body;
  } finally {
    metrics.close();
  }
}

test("of two providers the sum is told, in seconds and bytes, and the age of the oldest", async () => {
  const body = await scraped([
    { poolStats: () => stats, destroying: () => 3 },
    { poolStats: () => ({ ...stats, oldestMs: 250, makeMs: 20 }), destroying: () => 1 },
    {},
  ]);
  const values = [...body.matchAll(/^(glovebox_(?:pool|sandboxes)_\w+) (\S+)$/gm)];
  expect(Object.fromEntries(values.map(([, name, value]) => [name, Number(value)]))).toEqual({
    glovebox_pool_ready: 4,
    glovebox_pool_ready_bytes: 2000,
    glovebox_pool_oldest_age_seconds: 1.5,
    glovebox_pool_hits_total: 10,
    glovebox_pool_misses_total: 2,
    glovebox_pool_made_total: 8,
    glovebox_pool_make_seconds_total: 0.05,
    glovebox_sandboxes_destroying: 4,
  });
});

test("where nothing is kept ready, ends are told of all the same", async () => {
  const body = await scraped([{ destroying: () => 2 }]);
  expect(body).toMatch(/^glovebox_sandboxes_destroying 2$/m);
  expect(body).not.toContain("glovebox_pool");
});
