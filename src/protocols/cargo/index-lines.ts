/**
 * The index of one crate: a line of JSON for each version (doc.rust-lang.org/cargo/reference/registry-index.html#json-schema). Lines of upstreams are
 * passed on as they are, byte for byte: only whether a version is yanked ever changes, and what else they say is cargo's business.
 */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { canonicalCrate } from './name.ts';
import { versions } from './version.ts';

const line = z.looseObject({
  name: z.string(),
  vers: z.string(),
  cksum: z.string().regex(/^[0-9a-fA-F]{64}$/),
  yanked: z.boolean().nullish(),
  pubtime: z.string().nullish(),
});

export interface IndexLine {
  /** As its upstream writes it. */
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the crate file, in lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly yanked: boolean;
  /** ms since the epoch; `null`: the index does not say it. */
  readonly publishedMs: number | null;
  /** As it came, without its line break. */
  readonly text: string;
}

/** More are no crate's. */
const mostLines = 100_000;

/**
 * In the order of the index. As cargo does, it leaves out lines that it cannot read; an index of which it can read none is none.
 * @throws `upstream-invalid` also where a line is about another crate.
 */
export function readIndexLines(bytes: Uint8Array, name: string): readonly IndexLine[] {
  const texts = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((text) => text.trim() !== '');
  if (texts.length > mostLines) throw invalid(name, `has more than ${mostLines} lines`);
  const lines = texts.flatMap((text) => readLine(text, name));
  if (lines.length === 0 && texts.length > 0) throw invalid(name, 'has no line that can be read');
  return lines;
}

export function writeIndexLines(lines: readonly Pick<IndexLine, 'text'>[]): string {
  return lines.map(({ text }) => `${text}\n`).join('');
}

/** Versions that differ in nothing but their build are the same to an index. */
export function lineOf(lines: readonly IndexLine[], version: string): IndexLine | null {
  if (!versions.isVersion(version)) return null;
  const canonical = versions.canonical(version);
  return lines.find((each) => versions.canonical(each.version) === canonical) ?? null;
}

function readLine(text: string, name: string): IndexLine[] {
  const value = parsed(text);
  if (value === null || !versions.isVersion(value.vers)) return [];
  if (canonicalCrate(value.name) !== name)
    throw invalid(name, `has a line about ${JSON.stringify(value.name)}`);
  const publishedMs = value.pubtime ? Date.parse(value.pubtime) : Number.NaN;
  return [
    {
      name: value.name,
      version: value.vers,
      sha256: value.cksum.toLowerCase(),
      yanked: value.yanked === true,
      publishedMs: Number.isNaN(publishedMs) ? null : publishedMs,
      text,
    },
  ];
}

function parsed(text: string): z.output<typeof line> | null {
  try {
    return line.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // no JSON: a line that cargo would not read either
  }
}

function invalid(name: string, how: string): MeridianError {
  return new MeridianError('upstream-invalid', `The index of the crate ${name} ${how}.`);
}
