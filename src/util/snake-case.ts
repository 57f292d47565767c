/**
 * @module
 * Fields of our JSON are snake_case, and named after the words of the core.
 */

/** `wallTimeMs` as a type becomes `wall_time_ms`. */
export type SnakeCase<Word extends string> = Word extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : "";

/** `wallTimeMs` becomes `wall_time_ms`. */
export function snakeCase<Word extends string>(word: Word): SnakeCase<Word> {
  return word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as SnakeCase<Word>;
}
