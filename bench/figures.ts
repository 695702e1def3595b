/**
 * What is measured, as one table: the names in the JSON, the headings of the printed tables, and how a value
 * is written come from the same row.
 */
import type { Spread } from './statistics.ts';

interface FigureRow {
  readonly label: string;
  /** In the heading of a quotient. */
  readonly short?: string;
  readonly meaning: string;
  readonly digits: number;
  /** Printed as a percentage. */
  readonly share?: true;
  /** Whether the printed tables show how far the takes lie apart. */
  readonly range?: true;
  /** Whether the quotient to each peer is worth taking. */
  readonly compared?: true;
}

export const figures = {
  requestsPerSecond: {
    label: 'requests/s',
    short: 'rate',
    meaning: 'Answers completed per second of the measured phase.',
    digits: 0,
    range: true,
    compared: true,
  },
  cpuMicros: {
    label: 'CPU µs/request',
    short: 'CPU',
    meaning: 'User and system time of all threads of all processes of the server, divided by the answers.',
    digits: 2,
    compared: true,
  },
  p50Micros: { label: 'p50 µs', meaning: 'Half of the answers took no longer than this.', digits: 0 },
  p99Micros: { label: 'p99 µs', meaning: '99 of 100 answers took no longer than this.', digits: 0 },
  serverBusy: {
    label: 'server busy',
    meaning: "Share of the server's core that the server itself used.",
    digits: 0,
    share: true,
  },
  loadBusy: {
    label: 'load busy',
    meaning: 'Share of its own core that the load generator used: near 100% it is the limit, not the server.',
    digits: 0,
    share: true,
  },
  foreign: {
    label: 'others',
    meaning: 'Share of the two cores that anything else took (other programs, or the hypervisor).',
    digits: 0,
    share: true,
  },
} as const satisfies Record<string, FigureRow>;

export type Figure = keyof typeof figures;
export type Sample = Readonly<Record<Figure, number>>;
export type Spreads = Readonly<Record<Figure, Spread>>;

export const figureNames = Object.keys(figures) as Figure[];

export function figureRow(figure: Figure): FigureRow {
  return figures[figure];
}

/** `98,412` or `10.16` or `97%`. */
export function written(figure: Figure, value: number): string {
  const row = figureRow(figure);
  const scaled = row.share ? value * 100 : value;
  return number(scaled, row.digits) + (row.share ? '%' : '');
}

export function number(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
