/**
 * @module
 * One colour for whoever runs a program, in all charts; each can be told on white and on black.
 */

const own = "#1f7ae0";

const colors: Readonly<Record<string, string>> = {
  "bare process": "#8c959f",
  "Glovebox over HTTP": own,
  "Glovebox over HTTP, cold": "#7db3f2",
  "Glovebox in the process": "#0f9d8f",
  bwrap: "#9a6be0",
  "docker exec": "#d9772b",
  "docker run": "#cf4b41",
  run: own,
  server: own,
};

const otherColor = "#b0892f";

export function colorOf(series: string): string {
  return colors[series] ?? otherColor;
}
