/** A table that scrolls by itself where it is wider than the screen, and says what it is. */
import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Aligned by its digits. */
  readonly isNumber?: boolean;
}

export function Table<Row>({
  caption,
  columns,
  rows,
  id,
  none,
}: {
  /** Not shown where the heading above says it already, but heard. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** What tells one row from the others. */
  readonly id: (row: Row) => string;
  /** What is said where there is no row. */
  readonly none: string;
}) {
  if (rows.length === 0) return <p class="none">{none}</p>;
  return (
    // Focusable, so that the keyboard can scroll it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached
    <section class="scroll" tabIndex={0} aria-label={`${caption}, table`}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber === true ? 'number' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)}>
              {columns.map(({ title, cell, isNumber }) => (
                <td key={title} class={isNumber === true ? 'number' : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
