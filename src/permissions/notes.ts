/**
 * @module
 * What happened at the border of a sandbox and was no question, in words for people.
 */
import type { PermissionNote, WithheldBecause } from "../core/permission.ts";
import type { DecisionLog } from "./decision-log.ts";
import { formatEndpoint } from "./describe-subject.ts";
import { showName } from "./show-untrusted.ts";

/** Without what could act on a terminal. */
export function describeNote(note: PermissionNote): string {
  switch (note.kind) {
    case "looked-up":
      return `looked up ${shorten(note.name)} and did not connect to it`;
    case "dns-type":
      return `asked for the ${showName(note.type)} records of ${shorten(note.name)}: never answered`;
    case "too-many-names":
      return `looked up more names than a run may have, ${shorten(note.name)} first`;
    case "other-server-name": {
      const host = shorten(formatEndpoint(note));
      return `told ${host} in TLS that it means ${shorten(note.serverName)}: not stopped, but not what was allowed`;
    }
    case "forbidden":
      return `tried ${shorten(formatEndpoint(note))}, which is ${showName(note.address)}: never allowed`;
    case "not-found":
      return note.isUnknown
        ? `there is no host of the name ${shorten(note.host)}`
        : `no address of ${shorten(note.host)} could be found: this machine's name servers did not answer`;
    case "too-many-connections":
      return `wanted more connections at a time than it may have, to ${shorten(formatEndpoint(note))} first`;
    case "forwarded":
      return `http://127.0.0.1:${note.hostPort} leads to port ${note.port} inside`;
    case "not-forwarded":
      return `port ${note.port} inside can't be reached from here: ${showName(note.reason)}`;
    case "secret-sent":
      return `sent ${note.name} to ${shorten(formatEndpoint(note))} in place of its placeholder`;
    case "secret-withheld":
      return `${withheld[note.why]} ${shorten(formatEndpoint(note))}: the connection was ended, and no secret sent`;
  }
}

/** What should be known while the program runs; those with an equal key are said once. */
export function urgentNote(
  note: PermissionNote,
): { readonly key: string; readonly line: string } | undefined {
  switch (note.kind) {
    case "looked-up":
    case "dns-type":
    case "too-many-names":
    case "too-many-connections":
    case "secret-sent":
      return undefined;
    case "secret-withheld":
      return {
        key: `${note.kind} ${note.host} ${note.why}`,
        line: `the program ${describeNote(note)}`,
      };
    case "not-found":
      return { key: `${note.kind} ${note.host}`, line: describeNote(note) };
    case "forwarded":
    case "not-forwarded":
      return { key: `${note.kind} ${note.port}`, line: describeNote(note) };
    case "other-server-name":
    case "forbidden":
      return { key: `${note.kind} ${note.host}`, line: `the program ${describeNote(note)}` };
  }
}

const withheld: Readonly<Record<WithheldBecause, string>> = {
  "not-tls": "did not speak TLS to",
  distrusted: "did not trust this run's own certificate for",
  "other-host": "named another host on a connection to",
  certificate: "was given no valid certificate by",
};

/** All but lookups of what was asked about afterwards: those are told already. */
export function notesToShow(log: DecisionLog): readonly PermissionNote[] {
  const asked = askedHosts(log);
  return log.notes().filter((note) => note.kind !== "looked-up" || !asked.has(note.name));
}

const askedHosts = (log: DecisionLog): ReadonlySet<string> =>
  new Set(log.entries().flatMap(({ subject }) => (subject.kind === "net" ? [subject.host] : [])));

/** Below one domain; who looks up more, and connects to none of them, tells something by it. */
const MANY_NAMES = 20;

/**
 * A line about names that look as if they carried data out: a name that is looked up is told to its
 * owner's server, on other machines. Undefined where there are none.
 */
export function summaryOfLookups(log: DecisionLog): string | undefined {
  const asked = askedHosts(log);
  const byDomain = new Map<string, Set<string>>();
  for (const note of log.notes()) {
    if (!("name" in note) || asked.has(note.name)) continue;
    const domain = domainOf(note.name);
    byDomain.set(domain, (byDomain.get(domain) ?? new Set()).add(note.name));
  }
  const suspicious = [...byDomain.values()].flatMap((names) =>
    names.size > MANY_NAMES ? [...names] : [...names].filter(carriesData),
  );
  const [first] = suspicious;
  if (first === undefined) return undefined;
  const many = suspicious.length === 1 ? "a name" : `${suspicious.length} names`;
  return (
    `glovebox: looked up ${many} that may carry data, like ${shorten(first)}, ` +
    "and did not connect: no server was told"
  );
}

/** `example.com` of `a.b.example.com`. */
const domainOf = (name: string): string => name.split(".").slice(-2).join(".");

/** In base 16, 32 or 64: long, and without the words that people make long names of. */
function carriesData(name: string): boolean {
  const isData = (piece: string): boolean => /^(?=.*\d)(?=.*[a-z])\w{16,}$/.test(piece);
  return name
    .split(".")
    .some((it) => it.length > 30 && !it.startsWith("xn--") && it.split("-").some(isData));
}

const MAX_NAME_CHARS = 80;

function shorten(name: string): string {
  const shown = showName(name);
  return shown.length > MAX_NAME_CHARS ? `${shown.slice(0, MAX_NAME_CHARS)}...` : shown;
}
