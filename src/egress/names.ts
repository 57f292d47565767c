/**
 * @module
 * Names of the outside, as programs inside meet them: each has one made-up address, and nothing is
 * looked up. So a question can name what a program wants to reach, and a name that is only looked up
 * tells nothing to anybody.
 */

/** This machine itself, as programs inside name it. */
export const hostName = "host.internal";

/** 198.18.0.0/15, reserved for benchmarks (RFC 2544): no real host has such an address. */
const firstAddress = 0xc6_12_00_01;
/** How many names one run may have. */
export const maxNames = 4_096;

export interface Names {
  /** The address of a name, which is a new one for a new name. Undefined where there are too many. */
  addressOf(name: string): string | undefined;
  /** The name that has the address. */
  nameOf(address: string): string | undefined;
}

/** @param onNew Told of each name once. Must not throw. */
export function createNames(onNew: (name: string) => void = () => undefined): Names {
  const addresses = new Map<string, string>();
  const names = new Map<string, string>();
  return {
    addressOf: (name) => {
      const known = addresses.get(name);
      if (known !== undefined || addresses.size >= maxNames) return known;
      const address = dotted(firstAddress + addresses.size);
      addresses.set(name, address);
      names.set(address, name);
      onNew(name);
      return address;
    },
    nameOf: (address) => names.get(address),
  };
}

/** Whether it is an address that a name could have. */
export function isSynthetic(address: string): boolean {
  return /^198\.1[89]\.\d+\.\d+$/.test(address);
}

/**
 * A host name in lower case, of at least two labels. Undefined for what can be none: bytes that host
 * names don't have, and what ends in a number, which old functions read as an address (`0x7f.1`).
 */
export function hostNameOf(labels: readonly string[]): string | undefined {
  const name = labels.join(".").toLowerCase();
  const last = labels.at(-1) ?? "";
  const isHostName =
    labels.length >= 2 &&
    name.length <= 253 &&
    labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)) &&
    !/^(?:\d+|0x[\da-f]*)$/i.test(last);
  return isHostName ? name : undefined;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}
