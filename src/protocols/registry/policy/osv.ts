/**
 * Records in the OSV format (ossf.github.io/osv-schema): which versions of which packages have a known vulnerability, or are malware.
 * Read in a worker, kept as text by package, and evaluated where a version is judged.
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
  /** Each a list of events. */
  readonly ranges: readonly (readonly Event[])[];
  /** Versions named one by one. */
  readonly versions: readonly string[];
}

/** What happened at a version: as the record has it, or in whatever form versions are compared. `0` comes before every version. */
export type Event<Edge = string> = readonly ['introduced' | 'fixed' | 'last_affected', Edge];

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
 * What a file of records (one, or a list of them) says of the packages of one ecosystem, by the names that they have there. Records that were
 * withdrawn say nothing.
 *
 * @param ecosystem also with a release after a colon: `Debian` takes in `Debian:12`.
 * @throws NotOsv
 */
export function readOsv(text: string, ecosystem: string): [name: string, advisory: Advisory][] {
  const document = parsed(text);
  return (Array.isArray(document) ? document : [document]).flatMap((value, at) =>
    readRecord(value, at, ecosystem),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NotOsv('it is not JSON', { cause });
  }
}

function readRecord(value: unknown, at: number, ecosystem: string): [string, Advisory][] {
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
    if (about === undefined || !isOf(about.ecosystem, ecosystem)) return [];
    const severity = severityOf(data.database_specific?.severity, affected.severity ?? data.severity ?? []);
    const ordered = (ranges ?? []).filter(({ type }) => type === 'SEMVER' || type === 'ECOSYSTEM');
    const advisory = {
      ...shared,
      severity,
      ranges: ordered.map(({ events }) => events.flatMap(eventsIn)),
      versions: versions ?? [],
    };
    return [[about.name, advisory]];
  });
}

function isOf(written: string, ecosystem: string): boolean {
  return written === ecosystem || written.startsWith(`${ecosystem}:`);
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

function eventsIn(each: z.output<typeof event>): Event[] {
  return (['introduced', 'fixed', 'last_affected'] as const).flatMap((kind): Event[] => {
    const version = each[kind];
    return version === undefined ? [] : [[kind, version]];
  });
}

/** Of events at the same version: what was fixed is introduced anew, and what is introduced may end there. */
const rank = { fixed: 0, introduced: 1, last_affected: 2 } as const satisfies Record<Event[0], number>;

/** In the order of their versions, as `isWithin` needs them. */
export function inOrder<Edge>(
  events: readonly Event<Edge>[],
  compare: (a: Edge, b: Edge) => number,
): Event<Edge>[] {
  return events.toSorted(([kind, a], [other, b]) => compare(a, b) || rank[kind] - rank[other]);
}

/**
 * Whether a version is affected by events (the format's own algorithm).
 * @param order of the version against an edge: negative where it is lower.
 */
export function isWithin<Edge>(events: readonly Event<Edge>[], order: (edge: Edge) => number): boolean {
  let within = false;
  for (const [kind, edge] of events) {
    const by = order(edge);
    if (kind === 'introduced' && by >= 0) within = true;
    if (kind === 'fixed' && by >= 0) within = false;
    if (kind === 'last_affected' && by > 0) within = false;
  }
  return within;
}
