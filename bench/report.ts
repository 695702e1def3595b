/**
 * What a run leaves behind: tables to read (as Markdown, which reads well in a terminal too), the same in the
 * README between two marks, and all of it as JSON.
 */
import { FOREIGN_LIMIT } from './cpu.ts';
import { type Figure, figureRow, number, written } from './figures.ts';
import type { Machine } from './machine.ts';
import type { Row, SuiteReport, Table } from './suite.ts';
import { markdown } from './table.ts';

export interface Report {
  /** Of this shape. Goes up when a field changes its meaning. */
  readonly format: 2;
  /** ISO 8601. */
  readonly at: string;
  readonly machine: Machine;
  readonly suites: readonly SuiteReport[];
}

/** Above this share of its own core, the load generator may be what limits the rate. */
const LOAD_LIMIT = 0.97;

const MARK = '†';

/** The whole report of one suite. */
export function suiteText(report: Report, suite: SuiteReport): string {
  const tables = (suite.tables ?? []).flatMap(tableText);
  if (suite.rows.length > 0 || suite.tables === undefined) {
    const rows = [...origin(report, suite), ...remarks(suite), ...overview(suite), ...details(suite)];
    return [...rows, ...tables].join('\n');
  }
  return [...(isAnywhere(suite) ? [] : measured(report, suite)), ...proofs(suite), ...tables].join('\n');
}

function tableText({ title, remarks, names, head, body }: Table): string[] {
  return [
    `#### ${title}`,
    '',
    ...remarks.flatMap((remark) => [remark, '']),
    ...markdown(head, body, names),
    '',
  ];
}

function origin(report: Report, suite: SuiteReport): string[] {
  const { rounds, seconds } = suite;
  const [where = '', software = ''] = measured(report, suite);
  const long = seconds > 0 ? ` of ${seconds} s` : '';
  const how = `Median of ${rounds} rounds${long}; lowest and highest in brackets.`;
  return [where, `${how} ${software}`, '', ...proofs(suite)];
}

/** It counts, and its figures are the same on every machine. */
function isAnywhere({ versions }: SuiteReport): boolean {
  return Object.keys(versions).length === 0;
}

/** Where and with what, a line each. */
function measured({ at, machine }: Report, { versions }: SuiteReport): string[] {
  const { cpu, cores, memoryGiB, kernel, distribution } = machine;
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Measured ${at.slice(0, 10)} on ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}, ${distribution}.`,
    ...(software.length > 0 ? [`${software.join(', ')}.`] : []),
    '',
  ];
}

function proofs({ proofs: sentences }: SuiteReport): string[] {
  if (sentences.length === 0) return [];
  return ['Proven in this run:', '', ...sentences.map((proof) => `- ${proof}`), ''];
}

function remarks({ rows }: SuiteReport): string[] {
  const measured = rows.filter((row) => row.figures);
  const noisy = measured.filter((row) => (row.figures?.foreign?.median ?? 0) > FOREIGN_LIMIT).length;
  const failed = rows.filter((row) => row.failed && !row.figures).length;
  return [
    ...(noisy > 0
      ? [
          `**Not a quiet machine:** in ${noisy} of ${measured.length} rows others took more than ` +
            `${FOREIGN_LIMIT * 100}% of a core. Trust processor time per request, not the rates.`,
          '',
        ]
      : []),
    ...(measured.some(loadLimited)
      ? [
          `${MARK} The load generator was at its own limit: this server can do more, so compare processor time.`,
          '',
        ]
      : []),
    ...(failed > 0 ? [`**${failed} rows failed**, and say why.`, ''] : []),
    ...measured.flatMap(({ case: title, label, missed }) =>
      missed === undefined ? [] : [`${label}, ${title}: ${missed}; the figures are those of the others.`, ''],
    ),
  ];
}

function loadLimited({ figures }: Row): boolean {
  const { loadBusy, serverBusy } = figures ?? {};
  return (
    loadBusy !== undefined &&
    serverBusy !== undefined &&
    loadBusy.median > LOAD_LIMIT &&
    serverBusy.median < LOAD_LIMIT
  );
}

/** One line a case: how Meridian stands to the others. Nothing if it did not take part. A table for each figure that cases are about. */
function overview({ rows, subjects, figures }: SuiteReport): string[] {
  const [first] = figures;
  const own = rows.filter((row) => subjects.includes(row.peer));
  if (own.length === 0 || first === undefined) return [];
  const about = Map.groupBy(own, (row) => figures.find((figure) => row.figures?.[figure]) ?? first);
  const tables = [...about].flatMap(([lead, its]) => [
    ...inShort(lead, its, rows, takenOf(its, figures)),
    '',
  ]);
  return ['#### In short', '', ...tables];
}

function inShort(
  lead: Figure,
  own: readonly Row[],
  rows: readonly Row[],
  figures: readonly Figure[],
): string[] {
  const rivals = rivalsOf(own);
  const head = ['case', 'server', figureRow(lead).label, ...quotientTitles(rivals, figures)];
  const body = own.map((row) => [
    row.case,
    row.label,
    row.figures ? cell(row, lead, false) : absence(row),
    ...(row.figures ? quotients(row, rivals, rows, figures) : []),
  ]);
  return markdown(head, body, 2);
}

/** Those that any of the rows has; all of them, where none has any. */
function takenOf(rows: readonly Row[], figures: readonly Figure[]): readonly Figure[] {
  const taken = figures.filter((figure) => rows.some((row) => row.figures?.[figure]));
  return taken.length > 0 ? taken : figures;
}

function details(suite: SuiteReport): string[] {
  const cases = Map.groupBy(suite.rows, (row) => row.case);
  return [...cases].flatMap(([title, rows]) => [
    ...[`#### ${title}`, '', ...detail(rows, takenOf(rows, suite.figures)), ''],
  ]);
}

function detail(rows: readonly Row[], figures: readonly Figure[]): string[] {
  const rivals = rivalsOf(rows);
  const titles = figures.map((figure) => figureRow(figure).label);
  const head = ['server', ...titles, ...quotientTitles(rivals, figures)];
  const body = rows.map((row) => {
    if (!row.figures) return [row.label, absence(row)];
    const cells = figures.map((figure) => cell(row, figure, true));
    return [row.label, ...cells, ...quotients(row, rivals, rows, figures)];
  });
  return markdown(head, body, 1);
}

/** A figure of a row, with how far its takes lie apart where that is worth a reader's time. */
function cell(row: Row, figure: Figure, withRange: boolean): string {
  const value = row.figures?.[figure];
  if (!value) return '';
  const shown = written(figure, value.median);
  const limited = figureRow(figure).range ? mark(row) : '';
  if (!withRange || !figureRow(figure).range) return shown + limited;
  return `${shown} (${written(figure, value.min)}–${written(figure, value.max)})${limited}`;
}

const mark = (row: Row) => (loadLimited(row) ? ` ${MARK}` : '');
const absence = (row: Row) => `${row.failed ? 'failed' : 'not measured'}: ${row.absent}`;

/** A server that logs is compared with others that log: in the tables, both kinds share a column. */
const LOGGING = '-logging';

function rivalsOf(rows: readonly Row[]): string[] {
  const names = rows.flatMap((row) => Object.keys(row.against ?? {}));
  return [...new Set(names.map((name) => name.replace(LOGGING, '')))];
}

const comparedOf = (figures: readonly Figure[]) => figures.filter((figure) => figureRow(figure).compared);

function quotientTitles(rivals: readonly string[], figures: readonly Figure[]): string[] {
  return comparedOf(figures).flatMap((figure) =>
    rivals.map((rival) => `${figureRow(figure).short} ÷ ${rival}`),
  );
}

function quotients(
  row: Row,
  rivals: readonly string[],
  all: readonly Row[],
  figures: readonly Figure[],
): string[] {
  return comparedOf(figures).flatMap((figure) => rivals.map((rival) => quotient(row, figure, rival, all)));
}

function quotient(row: Row, figure: Figure, rival: string, all: readonly Row[]): string {
  const name = [rival, rival + LOGGING].find((each) => row.against?.[each]);
  const value = name && row.against?.[name]?.[figure];
  if (!value) return '';
  const other = all.find((each) => each.peer === name && each.case === row.case);
  const limited = figureRow(figure).range && (loadLimited(row) || (other && loadLimited(other)));
  return number(value.median, 2) + (limited ? ` ${MARK}` : '');
}
