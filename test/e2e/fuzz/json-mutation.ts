/**
 * @module
 * JSON documents, changed in a few places. They are kept as trees of text, so that they can have what no
 * value of JavaScript has: a key twice, 1e999, half of a string.
 */
import fc from "fast-check";
import { oddJson, oddKey } from "./odd-values.ts";

type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "array"; readonly items: Entry[] }
  | { readonly kind: "object"; readonly items: Entry[] };

interface Entry {
  /** Of no meaning in an array. */
  key: string;
  node: Node;
}

interface Mutation {
  /** Counts all values of the document, over and over. */
  readonly place: number;
  readonly action: "replace" | "remove" | "duplicate" | "wrap" | "rename" | "add" | "repeat";
  readonly json: string;
  readonly key: string;
}

const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({
    place: fc.nat(100),
    action: fc.oneof(
      { weight: 6, arbitrary: fc.constant("replace" as const) },
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          ...(["remove", "duplicate", "wrap", "rename", "add", "repeat"] as const),
        ),
      },
    ),
    json: oddJson,
    key: oddKey,
  }),
  { maxLength: 3 },
);

/** The text of a document that is nearly this one. */
export function nearlyJson(value: unknown): fc.Arbitrary<string> {
  return mutations.map((list) => {
    const root: Entry = { key: "", node: toNode(value) };
    for (const mutation of list) apply(root, mutation);
    return toText(root.node);
  });
}

function toNode(value: unknown): Node {
  if (Array.isArray(value)) {
    return { kind: "array", items: value.map((item) => ({ key: "", node: toNode(item) })) };
  }
  if (typeof value === "object" && value !== null) {
    const items = Object.entries(value).map(([key, item]) => ({ key, node: toNode(item) }));
    return { kind: "object", items };
  }
  return text(JSON.stringify(value));
}

const text = (json: string): Node => ({ kind: "text", text: json });

function toText(node: Node): string {
  switch (node.kind) {
    case "text":
      return node.text;
    case "array":
      return `[${node.items.map((item) => toText(item.node)).join()}]`;
    case "object":
      return `{${node.items.map(({ key, node: item }) => `${JSON.stringify(key)}:${toText(item)}`).join()}}`;
  }
}

interface Place {
  readonly entry: Entry;
  /** That it is among; empty for the whole document. */
  readonly siblings: Entry[];
}

function placesOf(entry: Entry, siblings: Entry[] = []): readonly Place[] {
  const { node } = entry;
  const inner = node.kind === "text" ? [] : node.items;
  return [{ entry, siblings }, ...inner.flatMap((item) => placesOf(item, inner))];
}

const REPEATS = 150;

function apply(root: Entry, { place, action, json, key }: Mutation): void {
  const places = placesOf(root);
  const { entry, siblings } = places[place % places.length] ?? { entry: root, siblings: [] };
  switch (action) {
    case "replace":
      entry.node = text(json);
      return;
    case "remove":
      siblings.splice(siblings.indexOf(entry), 1);
      return;
    case "duplicate":
      siblings.push({ key: entry.key, node: text(json) });
      return;
    case "wrap":
      entry.node = { kind: "array", items: [{ key: "", node: entry.node }] };
      return;
    case "rename":
      entry.key = key;
      return;
    case "add":
      if (entry.node.kind !== "text") entry.node.items.push({ key, node: text(json) });
      return;
    case "repeat":
      if (entry.node.kind === "array")
        entry.node.items.push(
          ...Array.from({ length: REPEATS }, () => ({ key, node: text(json) })),
        );
  }
}
