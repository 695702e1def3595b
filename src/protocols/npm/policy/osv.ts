/**
 * Records in the OSV format (ossf.github.io/osv-schema): which versions of which packages have a known vulnerability, or are malware.
 * Read in the packument worker, kept as text by package, and evaluated where a document is derived.
 */
import { z } from 'zod';
import { baseScore } from './cvss.ts';

/** What is known of one package by one record. */
export interface Advisory {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly severity: Severity;
  /** RFC 3339, or empty. */
  readonly published: string;
  /** Each a list of events in the order of their versions. */
  readonly ranges: readonly (readonly Event[])[];
  /** Versions named one by one. */
  readonly versions: readonly string[];
}

export type Event = readonly ['introduced' | 'fixed' | 'last_affected', string];

/** In rising order. What does not say how severe it is, such as a report of malware, is taken to be the worst (`severityOf`). */
export const severities = ['low', 'moderate', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** Longest text that is taken over from a record. */
const SUMMARY_LENGTH = 200;

const event = z.looseObject({
  introduced: z.string().optional(),
  fixed: z.string().optional(),
  last_affected: z.string().optional(),
});

const vectors = z
  .array(z.looseObject({ type: z.string(), score: z.string() }))
  .nullish()
  .catch(undefined);

const record = z.looseObject({
  id: z.string().min(1).max(200),
  summary: z.string().optional(),
  aliases: z.array(z.string()).nullish(),
  published: z.string().optional(),
  withdrawn: z.string().nullish(),
  severity: vectors,
  database_specific: z.looseObject({ severity: z.string().optional().catch(undefined) }).nullish(),
  affected: z
    .array(
      z.looseObject({
        package: z.looseObject({ ecosystem: z.string(), name: z.string() }).optional(),
        ranges: z.array(z.looseObject({ type: z.string(), events: z.array(event) })).nullish(),
        versions: z.array(z.string()).nullish(),
        severity: vectors,
      }),
    )
    .nullish(),
});

/** Not in the OSV format. The message says where. */
export class NotOsv extends Error {
  override readonly name = 'NotOsv';
}

/**
 * What a file of records (one, or a list of them) says of npm packages, by name. Records that were withdrawn say nothing.
 *
 * @throws NotOsv
 */
export function readOsv(text: string): [name: string, advisory: Advisory][] {
  const document = parsed(text);
  return (Array.isArray(document) ? document : [document]).flatMap(readRecord);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NotOsv('it is not JSON', { cause });
  }
}

function readRecord(value: unknown, at: number): [string, Advisory][] {
  const { data, error } = record.safeParse(value);
  if (data === undefined) {
    const [issue] = error.issues;
    throw new NotOsv(`record ${at + 1}: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not OSV'}`);
  }
  if (data.withdrawn) return [];
  const shared = {
    id: data.id,
    aliases: data.aliases ?? [],
    summary: (data.summary ?? '').slice(0, SUMMARY_LENGTH),
    published: data.published ?? '',
  };
  return (data.affected ?? []).flatMap((affected): [string, Advisory][] => {
    const { package: about, ranges, versions } = affected;
    if (about?.ecosystem !== 'npm') return [];
    const severity = severityOf(data.database_specific?.severity, affected.severity ?? data.severity ?? []);
    const semver = (ranges ?? []).filter(({ type }) => type === 'SEMVER' || type === 'ECOSYSTEM');
    return [
      [
        about.name,
        {
          ...shared,
          severity,
          ranges: semver.map(({ events }) => inOrder(events)),
          versions: versions ?? [],
        },
      ],
    ];
  });
}

/**
 * By the database's own word (`MODERATE`, `MEDIUM`, `High`), else by the worst of the vectors that can be computed: those of CVSS 3, in
 * the bands of its specification (§5). What says neither is the worst there is.
 */
function severityOf(word: string | undefined, vectors: readonly { readonly score: string }[]): Severity {
  const lower = (word ?? '').toLowerCase();
  if (lower === 'medium') return 'moderate';
  const named = severities.find((each) => each === lower);
  if (named !== undefined) return named;
  const scores = vectors.flatMap(({ score }) => baseScore(score) ?? []);
  if (scores.length === 0) return 'critical';
  const worst = Math.max(...scores);
  return worst >= 9 ? 'critical' : worst >= 7 ? 'high' : worst >= 4 ? 'moderate' : 'low';
}

function inOrder(events: readonly z.output<typeof event>[]): Event[] {
  const all = events.flatMap((each) =>
    (['introduced', 'fixed', 'last_affected'] as const).flatMap((kind): Event[] => {
      const version = each[kind];
      if (version === undefined) return [];
      if (version !== '0' && !isVersion(version)) throw new NotOsv(`${version} is no version`);
      return [[kind, version]];
    }),
  );
  return all.sort(([kind, a], [other, b]) => compare(a, b) || rank[kind] - rank[other]);
}

/** Of events at the same version: what was fixed is introduced anew, and what is introduced may end there. */
const rank = { fixed: 0, introduced: 1, last_affected: 2 } as const satisfies Record<Event[0], number>;

/**
 * Whether a version is affected (the format's own algorithm). One that is no valid semver cannot be placed in a range, so any
 * range counts.
 */
export function affects({ ranges, versions }: Advisory, version: string): boolean {
  if (versions.includes(version)) return true;
  if (!isVersion(version)) return ranges.length > 0;
  return ranges.some((events) => isWithin(events, version));
}

function isWithin(events: readonly Event[], version: string): boolean {
  let within = false;
  for (const [kind, edge] of events) {
    const order = compare(version, edge);
    if (kind === 'introduced' && order >= 0) within = true;
    if (kind === 'fixed' && order >= 0) within = false;
    if (kind === 'last_affected' && order > 0) within = false;
  }
  return within;
}

/** `0` stands for what comes before every version. */
function compare(a: string, b: string): number {
  if (a === '0' || b === '0') return Number(b === '0') - Number(a === '0');
  return Bun.semver.order(a, b);
}

const semver = /^v?\d{1,16}\.\d{1,16}\.\d{1,16}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?$/;

export function isVersion(text: string): boolean {
  return semver.test(text);
}
