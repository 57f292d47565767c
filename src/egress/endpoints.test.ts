import { expect, test } from "vitest";
import { createEndpoints, type Endpoint } from "./endpoints.ts";
import type { SandboxNetwork } from "./sandbox-network.ts";

const at = (port: number) => ({ protocol: "tcp", address: "198.18.0.1", port }) as const;

function fixture(most: number) {
  const withdrawn: number[] = [];
  const retired: number[] = [];
  const notUsed = async (): Promise<never> => Promise.reject(new Error("not used"));
  const network: SandboxNetwork = {
    listenTcp: notUsed,
    bindUdp: notUsed,
    dialTcp: notUsed,
    withdraw: (_protocol, _address, port) => void withdrawn.push(port),
  };
  const endpoints = createEndpoints<Endpoint>(network, most);
  const add = (port: number, ready = Promise.resolve()): Endpoint =>
    endpoints.add(at(port), () => ({
      ready,
      isApproved: () => true,
      onRetired: () => void retired.push(port),
    }));
  return { endpoints, add, withdrawn, retired };
}

test("where there are too many, the one that was not used for longest goes", () => {
  const { endpoints, add, withdrawn, retired } = fixture(2);
  add(1);
  add(2);
  endpoints.find(at(1));
  add(3);
  expect(withdrawn).toEqual([2]);
  expect(retired).toEqual([2]);
  expect(endpoints.find(at(2))).toBeUndefined();
});

test("one that can't listen is gone, once", async () => {
  const { endpoints, add, retired } = fixture(2);
  const endpoint = add(1, Promise.reject(new Error("EADDRINUSE")));
  await expect(endpoint.ready).rejects.toThrow("EADDRINUSE");
  expect(endpoints.find(at(1))).toBeUndefined();
  endpoints.retire(at(1), endpoint);
  expect(retired).toEqual([1]);
});

test("at the end all are gone, and later ones at once", () => {
  const { endpoints, add, retired } = fixture(9);
  add(1);
  add(2);
  endpoints.close();
  add(3);
  expect(retired).toEqual([1, 2, 3]);
});
