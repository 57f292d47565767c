/**
 * @module
 * The one way in which hosts are written, so that two spellings of one host are one host.
 */
import { isIP, isIPv4 } from "node:net";
import { domainToASCII } from "node:url";

/** Longer than any name that DNS can carry, and than any address. */
const MAX_HOST_CHARS = 253;

/**
 * A name in lower case and punycode without a dot at its end, or an address in its shortest form; an
 * IPv4 address that is written as IPv6 is the IPv4 address. Undefined for what is neither.
 */
export function normalizeHost(text: string): string | undefined {
  if (text.length > MAX_HOST_CHARS + 1) return undefined;
  return isIP(text) === 0 ? normalizeName(text) : normalizeAddress(text);
}

/** Undefined for what is no IP address, and for one with a zone (`fe80::1%eth0`). */
export function normalizeAddress(text: string): string | undefined {
  if (text.includes("%")) return undefined;
  switch (isIP(text)) {
    case 4:
      return text;
    case 6: {
      const short = new URL(`http://[${text}]/`).hostname.slice(1, -1);
      return mappedAddress(short) ?? short;
    }
    default:
      return undefined;
  }
}

/** `::ffff:102:304` is 1.2.3.4. */
function mappedAddress(short: string): string | undefined {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const [first, second] = [parseInt(high, 16), parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join(".");
}

function normalizeName(text: string): string | undefined {
  // The URL standard undoes %41 and reads 127.1 as an address: neither is a name.
  // eslint-disable-next-line no-control-regex -- all of ASCII that no name has
  if (/[\u0000-\u002c\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u007f]/.test(text)) {
    return undefined;
  }
  if (hasNumberAtEnd(text)) return undefined;
  const name = domainToASCII(text).replace(/\.$/, "");
  if (name === "" || name.length > MAX_HOST_CHARS || isIPv4(name)) return undefined;
  return name.split(".").every((label) => labelForm.test(label)) ? name : undefined;
}

const labelForm = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Resolvers take such a name for an address, each in its own way: 127.1, 0x7f.1, 2130706433. */
function hasNumberAtEnd(name: string): boolean {
  const labels = name.replace(/\.$/, "").split(".");
  return /^([0-9]+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? "");
}
