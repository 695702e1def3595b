/** A table in Markdown, padded so that it can be read as it is. */

/**
 * The first `names` columns to the left, figures to the right. A row may be shorter than the head: its last cell
 * is then a remark, which does not widen its column.
 */
export function markdown(
  head: readonly string[],
  body: readonly (readonly string[])[],
  names: number,
): string[] {
  const widths = head.map((title, column) => {
    const cells = body
      .filter((row) => row.length === head.length || column < names)
      .map((row) => row[column] ?? '');
    return Math.max(title.length, ...cells.map((cell) => cell.length));
  });
  const padded = (cell: string, column: number) =>
    column < names ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  const line = (row: readonly string[]) =>
    `| ${head.map((_, column) => padded(row[column] ?? '', column)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column < names ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...body.map(line)];
}
