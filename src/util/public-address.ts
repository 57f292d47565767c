/**
 * @module
 * Which addresses belong to the public Internet. What a caller names must not lead this machine to
 * itself, to its neighbours or to a cloud's metadata service.
 */
import { BlockList, isIP } from "node:net";

/** IANA's registry of special-purpose IPv4 addresses, and multicast. */
const special4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const;

/** Parts of 2000::/3, the only block that is public: protocol assignments, documentation, 6to4. */
const special6 = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const;

/** False for what is no IP address. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !blockList(special4, "ipv4").check(address, "ipv4");
    case 6: {
      const isGlobal = blockList([["2000::", 3]], "ipv6").check(address, "ipv6");
      return isGlobal && !blockList(special6, "ipv6").check(address, "ipv6");
    }
    default:
      return false;
  }
}

/** Whether it is such an address, or this machine's usual name, as it is written. */
export function namesPrivateHost({ hostname }: URL): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  if (isIP(name) !== 0) return !isPublicAddress(name);
  return name === "localhost" || name.endsWith(".localhost");
}

function blockList(
  subnets: readonly (readonly [string, number])[],
  family: "ipv4" | "ipv6",
): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, family);
  return list;
}
