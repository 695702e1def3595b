/** What would become of a request, as lines of text: a part for each tier. */
import type { ExplainMessage } from '../../control/messages.ts';
import type { Explanation } from '../../messages/explanation.ts';
import { readableSeconds, readableSize } from '../../telemetry/readable.ts';

export function explanationText(tiers: readonly ExplainMessage[]): string {
  return tiers.map((workers) => tierText(workers)).join('\n');
}

/** Workers of a node differ in what they keep, and in nothing else. */
function tierText(workers: ExplainMessage): string {
  const [first] = workers;
  if (first === undefined) return 'no worker of the node answers\n';
  const holder = workers.find(({ stored }) => stored !== null) ?? first;
  const number = workers.length > 1 ? `, worker ${workers.indexOf(holder) + 1} of ${workers.length}` : '';
  const lines = [
    `${first.node}${holder.stored === null ? '' : number}: ${verdict(holder)}`,
    ...about(holder),
  ];
  return lines.map((line, at) => `${at === 0 ? '' : '  '}${line}\n`).join('');
}

const verdicts = {
  hit: 'answers from its store',
  stale: 'answers from its store, and revalidates',
  ask: 'asks its parent',
  answer: 'answers by itself',
  refuse: 'refuses',
} as const;

function verdict({ would, why }: Explanation): string {
  return `${verdicts[would]}: ${why}`;
}

function about(said: Explanation): string[] {
  const { route, kind, key, tags, access, owner, stored } = said;
  const asks = said.would === 'hit' ? null : said.asks;
  const lines: [string, string | null][] = [
    ['route', route === null ? null : `${route}${access === 'closed' ? ', for those who may read it' : ''}`],
    ['kind', kind || null],
    ['key', key],
    ['tags', tags.length > 0 ? tags.join(' ') : null],
    ['kept by', owner],
    ['stored', stored && storedText(stored)],
    ['etag', stored?.etag ?? null],
    ['variant', stored && stored.selecting.length > 0 ? fieldsText(stored.selecting) : null],
    ['parents', asks && parentsText(asks.parents)],
    ['asked with', asks && asks.question.fields.length > 0 ? fieldsText(asks.question.fields) : null],
  ];
  return lines.flatMap(([name, value]) => (value === null ? [] : `${`${name}:`.padEnd(12)} ${value}`));
}

function storedText(stored: NonNullable<Explanation['stored']>): string {
  const { where, status, sizeBytes, ageS, freshForS, staleWhileRevalidateS, staleIfErrorS } = stored;
  const freshness =
    freshForS > 0 ? `fresh for ${readableSeconds(freshForS)}` : `stale for ${readableSeconds(-freshForS)}`;
  const grace = [
    staleWhileRevalidateS > 0 ? `${readableSeconds(staleWhileRevalidateS)} more while revalidated` : null,
    staleIfErrorS > 0 ? `${readableSeconds(staleIfErrorS)} more when the parent fails` : null,
  ].filter((each) => each !== null);
  return [
    `status ${status}`,
    readableSize(sizeBytes),
    where,
    `${readableSeconds(ageS)} old`,
    freshness,
    ...grace,
  ].join(', ');
}

function parentsText(parents: NonNullable<Explanation['asks']>['parents']): string {
  if (parents.length === 0) return 'the upstream';
  return parents.map(({ name, isUp }) => (isUp ? name : `${name} (passed over)`)).join(', then ');
}

function fieldsText(fields: readonly (readonly [string, string])[]): string {
  return fields.map(([name, value]) => `${name}: ${value}`).join('; ');
}
