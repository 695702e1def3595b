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
  perCpuSecond: {
    label: 'requests/CPU s',
    short: 'per CPU s',
    meaning:
      'Answers for each second of processor time of the server, all its processes together: what is left of a rate when waiting for a turn is not counted.',
    digits: 0,
    compared: true,
  },
  mibPerSecond: {
    label: 'MiB/s',
    short: 'rate',
    meaning: 'Bytes of bodies that arrived per second of the measured phase.',
    digits: 0,
    range: true,
    compared: true,
  },
  cpuPerGib: {
    label: 'CPU s/GiB',
    short: 'CPU',
    meaning: 'User and system time of all threads of all processes of the server, divided by the bytes.',
    digits: 3,
    compared: true,
  },
  totalSeconds: {
    label: 'total s',
    short: 'time',
    meaning: 'From the first request until every client had everything.',
    digits: 2,
    range: true,
    compared: true,
  },
  firstByteMs: {
    label: 'first byte ms',
    meaning: 'From a request to the first byte of its body; with many clients, for half of them.',
    digits: 1,
  },
  lastFirstByteMs: {
    label: 'last first byte ms',
    meaning: 'The same for the client that waited longest.',
    digits: 1,
  },
  peakMib: {
    label: 'peak MiB',
    meaning: 'Most resident memory of the server meanwhile, all its processes together.',
    digits: 0,
  },
  upstreamRequests: {
    label: 'asked upstream',
    meaning: 'Requests that the upstream got for what was measured.',
    digits: 0,
  },
  upstreamMib: {
    label: 'MiB from upstream',
    meaning: 'Bytes of bodies that the upstream was asked for.',
    digits: 0,
  },
  bytesPerObject: {
    label: 'bytes/object',
    short: 'memory',
    meaning:
      'Growth of the memory of all processes of the server (shared pages once), divided by the objects.',
    digits: 0,
    compared: true,
  },
  filesPerObject: {
    label: 'files, bytes/object',
    meaning: 'What the files of the server take, in blocks of the file system: the page cache holds as much.',
    digits: 0,
  },
  hitRatio: {
    label: 'hits',
    meaning: 'Share of the requests for which the upstream was not asked.',
    digits: 1,
    share: true,
  },
  byteHitRatio: {
    label: 'bytes hit',
    meaning: 'Share of the bytes that the upstream did not have to send.',
    digits: 1,
    share: true,
  },
  holdsMs: {
    label: 'holds after ms',
    short: 'purge',
    meaning: 'From the request to purge until what bears the tag is a miss, wherever it is asked for.',
    digits: 1,
    compared: true,
  },
  rateShare: {
    label: 'rate kept',
    meaning: 'Requests per second while the purge ran, as a share of those in the same time before it.',
    digits: 0,
    share: true,
  },
  p50Micros: { label: 'p50 µs', meaning: 'Half of the answers took no longer than this.', digits: 0 },
  p99Micros: {
    label: 'p99 µs',
    short: 'p99',
    meaning: '99 of 100 answers took no longer than this.',
    digits: 0,
    compared: true,
  },
  p99BeforeMicros: { label: 'p99 µs before', meaning: 'The same before the purge.', digits: 0 },
  worstMicros: { label: 'worst µs', meaning: 'No answer took longer.', digits: 0 },
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
/** What one measurement gave. A suite says which figures it takes. */
export type Sample = Readonly<Partial<Record<Figure, number>>>;
export type Spreads = Readonly<Partial<Record<Figure, Spread>>>;

/** How far a measurement was disturbed, or kept from its limits: taken by every suite that measures a rate. */
export const circumstances = ['serverBusy', 'loadBusy', 'foreign'] as const satisfies readonly Figure[];

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
