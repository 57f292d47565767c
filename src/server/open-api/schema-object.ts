/**
 * @module
 * The part of JSON Schema that our document has.
 */

export interface SchemaObject {
  type?: string | string[];
  description?: string;
  properties?: Record<string, SchemaObject>;
  items?: SchemaObject;
  [more: string]: unknown;
}
