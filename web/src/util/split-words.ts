/**
 * @module
 * Arguments as people write them in one line: blanks between them, quotes around those with blanks.
 */

/** Nothing is expanded: `$HOME` is five characters. Undefined where a quote has no end. */
export function splitWords(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (character === "\\" && quote !== "'") word = `${word ?? ""}${line.charAt(++at)}`;
    else if (quote !== "" ? character === quote : character === '"' || character === "'") {
      quote = quote === "" ? character : "";
      word ??= "";
    } else if (quote === "" && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = `${word ?? ""}${character}`;
  }
  if (quote !== "") return undefined;
  return word === undefined ? words : [...words, word];
}
