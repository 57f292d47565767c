/**
 * @module
 * Columns for people.
 */

/**
 * Lines of cells, each column as wide as its widest cell; no spaces at the end of a line. Cells must
 * be plain text: colours are for `decorate`, after the widths are known.
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  decorate: (cell: string, place: { readonly row: number; readonly column: number }) => string = (
    cell,
  ) => cell,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  }
  const lines = rows.map((cells, row) =>
    withoutEmptyEnd(cells)
      .map((cell, column, { length }) => {
        const isLast = column === length - 1;
        const padding = isLast ? "" : " ".repeat((widths[column] ?? 0) - cell.length + 2);
        return decorate(cell, { row, column }) + padding;
      })
      .join(""),
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** Its padding would be spaces at the end of the line. */
function withoutEmptyEnd(cells: readonly string[]): readonly string[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell !== "") + 1);
}
