/**
 * Indexes of chart repositories (`index.yaml`, API version 1). They come as YAML of tens of megabytes, and are read chart by chart, with a turn for
 * everybody else between them. They are written as JSON with a line for each version, which every reader of YAML understands, helm reads many times
 * as fast, and in which one chart is found without reading the others.
 */
import { turn } from '../turn.ts';
import { isChartName, isChartVersion } from './path.ts';

const bounds = {
  charts: 50_000,
  versions: 1_000_000,
  /** Text of all versions of one chart. */
  chartBytes: 16 * 1024 * 1024,
  /** Of what is not written as helm writes it, and so has to be read at once. */
  wholeBytes: 8 * 1024 * 1024,
  depth: 32,
} as const;

/** Other than JSON has it: text that is no text when it stands without quotes. */
export type ChartVersion = Readonly<Record<string, unknown>> & {
  readonly name: string;
  readonly version: string;
  readonly urls: readonly string[];
  /** Of the file: hexadecimal SHA-256. */
  readonly digest?: string | undefined;
};

/** Charts in their order, each with its versions. @throws SyntaxError in a sentence. */
export async function* readIndex(bytes: Uint8Array): AsyncGenerator<readonly ChartVersion[]> {
  const text = decode(bytes);
  let [charts, versions] = [0, 0];
  for (const entries of blocksOf(text)) {
    for (const [name, list] of Object.entries(entries)) {
      if (++charts > bounds.charts) throw new SyntaxError(`It has more than ${bounds.charts} charts.`);
      const read = versionsIn(name, list);
      versions += read.length;
      if (versions > bounds.versions) throw new SyntaxError(`It has more than ${bounds.versions} versions.`);
      if (read.length > 0) yield read;
    }
    await turn();
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError('It is not UTF-8.', { cause });
  }
}

/** The entries, a chart at a time where they are written as helm writes them. */
function* blocksOf(text: string): Generator<Readonly<Record<string, unknown>>> {
  const start = /^entries:[ \t]*(?:#.*)?\r?\n/m.exec(text);
  const isOfHelm =
    start !== null && /^(?: {2}[^\s#-]|\S|\s*#)/.test(text.slice(start.index + start[0].length));
  if (!isOfHelm) {
    if (text.length > bounds.wholeBytes)
      throw new SyntaxError(
        `It is not written as helm writes it, and has more than ${bounds.wholeBytes} bytes.`,
      );
    const index = asRecord(parse(text));
    checkVersion(index);
    yield asRecord(index['entries'] ?? {});
    return;
  }
  const from = start.index + start[0].length;
  const end = from + (/^[^\s#]/m.exec(text.slice(from))?.index ?? text.length - from);
  checkVersion(asRecord(parse(text.slice(0, start.index) + text.slice(end))));
  const entries = text.slice(from, end);
  let at = 0;
  // The next line with two blanks before it begins the next chart.
  for (const next = /\n(?= {2}[^\s#-])/g; at < entries.length; ) {
    next.lastIndex = at + 1;
    const found = next.exec(entries);
    const stop = found === null ? entries.length : found.index + 1;
    if (stop - at > bounds.chartBytes)
      throw new SyntaxError(`A chart has more than ${bounds.chartBytes} bytes.`);
    const block = parse(entries.slice(at, stop));
    if (block !== null && block !== undefined) yield asRecord(block);
    at = stop;
  }
}

function checkVersion(index: Readonly<Record<string, unknown>>): void {
  if (index['apiVersion'] !== 'v1')
    throw new SyntaxError('It is no index of a chart repository (apiVersion v1).');
}

/** @throws SyntaxError */
export function parse(text: string): unknown {
  try {
    const value: unknown = Bun.YAML.parse(text);
    refuseShared(value, new Set(), 0);
    return value;
  } catch (cause) {
    if (cause instanceof RangeError) throw new SyntaxError('It is nested too deeply.', { cause });
    throw cause;
  }
}

/** What an alias repeats is there once for us, and could be millions of times for whoever writes it out. */
function refuseShared(value: unknown, seen: Set<object>, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > bounds.depth) throw new SyntaxError('It is nested too deeply.');
  if (seen.has(value)) throw new SyntaxError('It has aliases, which no index needs.');
  seen.add(value);
  for (const one of Object.values(value)) refuseShared(one, seen, depth + 1);
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new SyntaxError('It is no map of names to values.');
}

/** What could not be asked for is left out. */
function versionsIn(name: string, list: unknown): readonly ChartVersion[] {
  if (!isChartName(name) || !Array.isArray(list)) return [];
  return list.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return [];
    const fields = tidied(one);
    const { version, urls, digest } = fields;
    const addresses = Array.isArray(urls) ? urls.filter((url) => typeof url === 'string') : [];
    if (
      fields['name'] !== name ||
      typeof version !== 'string' ||
      !isChartVersion(version) ||
      addresses.length === 0
    )
      return [];
    const sha256 = typeof digest === 'string' ? digestIn(digest) : undefined;
    return [{ ...fields, name, version, urls: addresses, ...(sha256 !== undefined && { digest: sha256 }) }];
  });
}

function digestIn(text: string): string | undefined {
  return /^(?:sha256:)?([0-9a-f]{64})$/i.exec(text)?.[1]?.toLowerCase();
}

/** Fields that are text, also where somebody has written `1.0` without quotes; so is what annotations say. */
const texts = [
  'name',
  'version',
  'appVersion',
  'description',
  'kubeVersion',
  'digest',
  'home',
  'icon',
  'type',
  'created',
];

export function tidied(one: object): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...one };
  for (const field of texts) if (field in fields) fields[field] = textOf(fields[field]);
  const { annotations } = fields;
  if (typeof annotations === 'object' && annotations !== null)
    fields['annotations'] = Object.fromEntries(
      Object.entries(annotations).map(([key, value]) => [key, textOf(value)]),
    );
  return fields;
}

function textOf(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

/** Writes an index, chart by chart. */
export function indexWriter(head: Readonly<Record<string, unknown>> = {}) {
  const parts = [
    `{"apiVersion":"v1",${Object.entries(head)
      .map(([name, value]) => `${quoted(name)}:${json(value)},`)
      .join('')}"entries":{`,
  ];
  let isFirst = true;
  return {
    chart(name: string, versions: readonly Readonly<Record<string, unknown>>[]): void {
      parts.push(`${isFirst ? '' : ','}\n${quoted(name)}:[\n${versions.map(json).join(',\n')}\n]`);
      isFirst = false;
    },
    end(): Uint8Array {
      parts.push('\n}}\n');
      return Buffer.from(parts.join(''));
    },
  };
}

const quoted = (name: string) => JSON.stringify(name);

/** Printable in YAML, too, which has no control characters. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The versions of one chart in what `indexWriter` has written. */
export function findChart(index: Uint8Array, name: string): readonly ChartVersion[] {
  const bytes = Buffer.from(index.buffer, index.byteOffset, index.byteLength);
  const head = `\n${quoted(name)}:[\n`;
  const start = bytes.indexOf(head);
  if (start < 0) return [];
  const from = start + Buffer.byteLength(head) - 2;
  const value: unknown = JSON.parse(bytes.toString('utf8', from, bytes.indexOf('\n]', from) + 2));
  return versionsIn(name, value);
}

/** All charts in it, one after the other. */
export async function* chartsIn(
  index: Uint8Array,
): AsyncGenerator<readonly [name: string, versions: readonly ChartVersion[]]> {
  const bytes = Buffer.from(index.buffer, index.byteOffset, index.byteLength);
  for (let at = bytes.indexOf('\n'); at >= 0; ) {
    const end = bytes.indexOf('\n]', at);
    if (end < 0) return;
    // `"name":[` … `]`, after the comma of the one before.
    const entries = asRecord(JSON.parse(`{${bytes.toString('utf8', at + 1, end + 2)}}`));
    for (const [name, list] of Object.entries(entries)) yield [name, versionsIn(name, list)];
    at = bytes.indexOf('\n', end + 2);
    await turn();
  }
}
