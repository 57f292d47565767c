/**
 * @module
 * What an IP address leads to: who may go there is decided by it.
 */
import { BlockList, isIP, SocketAddress } from "node:net";
import { isPublicAddress } from "./public-address.ts";

/**
 * `private`: a network that the Internet does not reach, or what is reserved for anything but that.
 * `link-local`: neighbours on the same wire. `metadata`: where a cloud hands out a machine's
 * credentials. `never`: no single machine, so that no connection can lead there.
 */
export type AddressClass = "public" | "private" | "loopback" | "link-local" | "metadata" | "never";

type Subnet = readonly [address: string, prefix: number];

/** In this order: an address has the first class that has it. Clouds' addresses by their documents. */
const special: readonly (readonly [AddressClass, readonly Subnet[]])[] = [
  [
    "metadata",
    [
      // Most clouds; ECS tasks and EKS pods have their credentials beside it.
      ["169.254.169.254", 32],
      ["169.254.170.2", 32],
      ["169.254.170.23", 32],
      ["fd00:ec2::254", 128],
      ["fd00:ec2::23", 128],
      // Alibaba, Oracle (older), Azure's wire server, Google, DigitalOcean.
      ["100.100.100.200", 32],
      ["192.0.0.192", 32],
      ["168.63.129.16", 32],
      ["fd20:ce::254", 128],
      ["fe80::a9fe:a9fe", 128],
    ],
  ],
  [
    "never",
    [
      // "This network", which Linux takes for this machine where it stands for all of 0.0.0.0.
      ["0.0.0.0", 8],
      ["224.0.0.0", 4],
      ["255.255.255.255", 32],
      ["::", 128],
      ["ff00::", 8],
    ],
  ],
  [
    "loopback",
    [
      ["127.0.0.0", 8],
      ["::1", 128],
    ],
  ],
  [
    "link-local",
    [
      ["169.254.0.0", 16],
      ["fe80::", 10],
    ],
  ],
];

/** Where an IPv6 address carries an IPv4 address, to which a gateway or the kernel passes it on. */
const carriers: readonly {
  readonly subnet: Subnet;
  /** The first of its four bytes. */
  readonly at: number;
  readonly isInverted?: true;
}[] = [
  { subnet: ["::ffff:0:0", 96], at: 12 },
  // ::ffff:0:a.b.c.d, SIIT; and ::a.b.c.d, which is out of use.
  { subnet: ["::ffff:0:0:0", 96], at: 12 },
  { subnet: ["::", 96], at: 12 },
  // NAT64: the well-known prefix, and the one for a network's own.
  { subnet: ["64:ff9b::", 96], at: 12 },
  { subnet: ["64:ff9b:1::", 48], at: 12 },
  // 6to4, Teredo.
  { subnet: ["2002::", 16], at: 2 },
  { subnet: ["2001::", 32], at: 12, isInverted: true },
];

/** `never` for what is no IP address. */
export function addressClassOf(address: string): AddressClass {
  const plain = canonicalAddress(address);
  if (plain === undefined) return "never";
  const found = special.find(([, subnets]) => subnets.some((subnet) => isIn(plain, subnet)));
  if (found !== undefined) return found[0];
  const carried = carriedAddress(plain);
  if (carried !== undefined) return addressClassOf(carried);
  return isPublicAddress(plain) ? "public" : "private";
}

/**
 * The one way to write an address: no zone, the shortest form, lower case, and IPv4 where an IPv6
 * address is only another way to write that. Undefined for what is no IP address.
 */
export function canonicalAddress(address: string): string | undefined {
  const plain = address.replace(/%.*$/s, "");
  if (isIP(plain) === 4) return plain;
  if (isIP(plain) !== 6) return undefined;
  const short = new SocketAddress({ address: plain, family: "ipv6" }).address;
  return isIn(short, ["::ffff:0:0", 96]) ? carriedAddress(short) : short;
}

/**
 * What tells one holder of addresses from another: all of an IPv4 address, and the first half of an IPv6
 * one, of which whoever has one has 2^64 (RFC 6177).
 */
export function holderOf(address: string): string {
  const plain = canonicalAddress(address);
  if (plain === undefined || isIP(plain) === 4) return plain ?? address;
  return `${Buffer.from(bytesOf(plain).slice(0, 8)).toString("hex")}::/64`;
}

/** The IPv4 address that an IPv6 address stands for at its gateway; undefined where there is none. */
export function carriedAddress(address: string): string | undefined {
  // `::` and `::1` look as if they carried 0.0.0.0 and 0.0.0.1.
  if (isIP(address) !== 6 || isIn(address, ["::", 127])) return undefined;
  const carrier = carriers.find(({ subnet }) => isIn(address, subnet));
  if (carrier === undefined) return undefined;
  const { at, isInverted } = carrier;
  const bytes = bytesOf(address).slice(at, at + 4);
  return bytes.map((byte) => (isInverted === true ? byte ^ 0xff : byte)).join(".");
}

function isIn(address: string, [net, prefix]: Subnet): boolean {
  const family = isIP(address);
  if (family !== isIP(net)) return false;
  const list = new BlockList();
  list.addSubnet(net, prefix, family === 4 ? "ipv4" : "ipv6");
  return list.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** The sixteen bytes of an IPv6 address without a zone. */
function bytesOf(address: string): readonly number[] {
  // A tail in IPv4's form is two groups.
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = "", tail] = hex.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = new Array<string>(8 - before.length - after.length).fill("0");
  const groups = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}
