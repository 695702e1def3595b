/** What would become of a request, as lines of text: a part for each node. */
import type { ExplainedNode, Explanation } from '../../messages/explanation.ts';
import type { Fate } from '../../messages/predictions.ts';
import { readableSeconds, readableSize } from '../../telemetry/readable.ts';

export function explanationText(nodes: readonly ExplainedNode[]): string {
  return nodes.map((node) => nodeText(node)).join('\n');
}

const states = {
  answered: '',
  silent: 'does not answer',
  gone: 'nothing is heard of it',
  unasked: 'no node would ask it',
} as const;

/** Workers of a node differ in what they keep, and in nothing else. */
function nodeText({ node, state, isReached, workers, silent }: ExplainedNode): string {
  const [first] = workers;
  if (first === undefined) return `${node}: ${states[state]}\n`;
  const holder = workers.find(({ stored }) => stored !== null) ?? first;
  const number = workers.length > 1 ? `, worker ${workers.indexOf(holder) + 1} of ${workers.length}` : '';
  const notReached = isReached ? '' : ' (if it were asked)';
  const lines = [
    `${node}${holder.stored === null ? '' : number}${notReached}: ${verdict(holder)}`,
    ...about(holder),
    ...foretold(workers),
    ...(silent.length > 0 ? [`${'silent:'.padEnd(12)} ${silent.join(' ')}`] : []),
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

const fates: Readonly<Record<Fate, string>> = {
  waiting: 'it is about to be fetched',
  coming: 'it is on its way, and nobody has come for it yet',
  here: 'it was fetched, and nobody has come for it yet',
  used: 'it was fetched, and a client has come for it',
  doubted: 'not fetched, as it is too unlikely for how good predictions have been lately',
  long: 'not fetched, as it is longer than `objectBytes`',
  room: 'not fetched, as there was no room (`roomPercent`)',
  late: 'not fetched, as it had waited for a minute',
  failed: 'it could not be had',
  vain: 'it was fetched, and nobody came for it in time',
};

/** Each worker foresees for its own clients. */
function foretold(workers: readonly Explanation[]): string[] {
  const all = workers.flatMap((worker) => worker.foretold ?? []);
  const [first] = all;
  if (first === undefined) return [];
  const [last] = all.flatMap(({ lately }) => lately ?? []).toSorted((a, b) => a.agoS - b.agoS);
  const lines = [
    [
      'foreseen',
      last ? `${last.source}, ${readableSeconds(last.agoS)} ago: ${fates[last.fate]}` : 'not lately',
    ],
    ['leads to', leadsText(first.leads)],
  ] as const;
  return lines.map(([name, value]) => `${`${name}:`.padEnd(12)} ${value}`);
}

function leadsText(leads: NonNullable<Explanation['foretold']>['leads']): string {
  if (leads === null) return 'nothing that is known; much hangs on the User-Agent of the client (--header)';
  const { question, foreseen } = leads;
  const things = foreseen === 0 ? [] : [`${foreseen} ${foreseen === 1 ? 'thing' : 'things'} at once`];
  const asked = question === null ? [] : [`what the origin answers to ${question}`];
  return [...things, ...asked].join(', and ') || 'nothing more';
}

function storedText(stored: NonNullable<Explanation['stored']>): string {
  const { where, status, sizeBytes, ageS, freshForS, staleWhileRevalidateS, staleIfErrorS } = stored;
  const { isRestricted } = stored;
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
    ...(isRestricted === true ? ['for those only who have the right by name'] : []),
  ].join(', ');
}

function parentsText(parents: NonNullable<Explanation['asks']>['parents']): string {
  if (parents.length === 0) return 'the upstream';
  return parents.map(({ name, isUp }) => (isUp ? name : `${name} (passed over)`)).join(', then ');
}

function fieldsText(fields: readonly (readonly [string, string])[]): string {
  return fields.map(([name, value]) => `${name}: ${value}`).join('; ');
}
