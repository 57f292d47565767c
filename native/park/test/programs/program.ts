/**
 * @module
 * A program that would notice it if it was run in another way than from a command line.
 */

export interface Program {
  readonly name: string;
  /** The text of the main file, or all files by path. */
  readonly code: string | Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly args?: readonly string[];
}
