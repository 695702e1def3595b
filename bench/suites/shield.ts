/**
 * What shields keep from the origin: eight PoPs are asked for the same objects by Zipf's law, each on its own account, and
 * each has room for a small part of them. Once they ask the origin themselves, and once two shields, with the same requests.
 */
import { systemClock } from '../../src/clock.ts';
import { request } from '../../src/http/client.ts';
import { chance, zipf } from '../eviction/random.ts';
import { type Body, bytesAt, MIB, object } from '../objects.ts';
import { openNetwork, type ShieldedNetwork } from '../shield/network.ts';
import type { Run, Suite, SuiteReport, Table } from '../suite.ts';

const OBJECTS = 20_000;
const POPS = 8;
const SHIELDS = 2;
/** Of a PoP: room for one of twenty objects, or so. */
const POP_BYTES = 6 * MIB;
const MEDIAN_BYTES = 2048;
const [SHORTEST_BYTES, LONGEST_BYTES] = [256, 64 * 1024];
/** At each PoP, before anything counts, and while it does. */
const WARM_UP = 10_000;
const COUNTED = 4_000;
/** At each PoP at once. */
const CLIENTS = 2;

interface Case {
  readonly alpha: number;
  /** A shield's room, in PoPs. */
  readonly times: number;
}

const CASES: readonly Case[] = [
  { alpha: 0.8, times: 10 },
  { alpha: 0.8, times: 30 },
  { alpha: 1, times: 10 },
];
const titleOf = ({ alpha, times }: Case) => `Zipf ${alpha.toFixed(1)}, shields of ${times} PoPs`;

export const shield: Suite = {
  name: 'shield',
  about: 'Requests at the origin of eight PoPs, with two shields between them and without.',
  cases: CASES.map(titleOf),
  peers: [],
  defaults: { rounds: 1, seconds: 0 },
  run: runShield,
};

interface Measured {
  readonly requests: number;
  readonly bytes: number;
  /** Of the requests of clients. */
  readonly popHits: number;
  /** Of the objects. */
  readonly popHolds: number;
  readonly shieldHolds: number;
}

async function runShield(run: Run): Promise<SuiteReport> {
  const count = run.objects ?? OBJECTS;
  const objects = objectsOf(count);
  const bare = new Map<number, Measured>();
  const body: string[][] = [];
  for (const each of CASES.filter((one) => titleOf(one).includes(run.only))) {
    const without = bare.get(each.alpha) ?? (await measure(run, each, objects, 0));
    bare.set(each.alpha, without);
    const shielded = await measure(run, each, objects, SHIELDS);
    const row = rowOf(each, without, shielded);
    body.push(row);
    run.progress(row.join(' | '));
  }
  return {
    suite: shield.name,
    about: shield.about,
    versions: {},
    proofs: [
      'Every answer had status 200 and the right bytes.',
      'The origin was asked for what its access log says, and for nothing else.',
    ],
    subjects: [],
    rounds: 1,
    seconds: 0,
    figures: [],
    rows: [],
    tables: [tableOf(count, body)],
  };
}

function tableOf(count: number, body: string[][]): Table {
  return {
    title: 'What the origin is asked',
    remarks: [
      `${POPS} PoPs, ${count.toLocaleString('en-US')} objects, ${((COUNTED * POPS) / 1000).toFixed(0)},000 requests of clients, after ${((WARM_UP * POPS) / 1000).toFixed(0)},000 that do not count. "Holds": of the objects, at the end. "Fewer": the share of requests, and of bytes, that do not reach the origin any more.`,
      'All nodes share one process: what counts is who was asked how often, and not how fast. Nothing goes stale and nothing is purged meanwhile.',
    ],
    names: 1,
    head: [
      'case',
      'a PoP holds',
      'a shield holds',
      'PoP hits',
      'at the origin, without shields',
      'with shields',
      'fewer requests',
      'fewer bytes',
    ],
    body,
  };
}

function rowOf(each: Case, without: Measured, shielded: Measured): string[] {
  return [
    titleOf(each),
    percent(shielded.popHolds),
    percent(shielded.shieldHolds),
    percent(shielded.popHits),
    without.requests.toLocaleString('en-US'),
    shielded.requests.toLocaleString('en-US'),
    percent(1 - shielded.requests / without.requests),
    percent(1 - shielded.bytes / without.bytes),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function objectsOf(count: number): readonly Body[] {
  const lengths = chance(1);
  return Array.from({ length: count }, (_, at) => {
    const bytes = Math.round(lengths.logNormal(MEDIAN_BYTES, 1));
    return object(Math.min(LONGEST_BYTES, Math.max(SHORTEST_BYTES, bytes)), `z${at}`);
  });
}

async function measure(
  run: Run,
  { alpha, times }: Case,
  objects: readonly Body[],
  shields: number,
): Promise<Measured> {
  const sizes = { pops: POPS, shields, popBytes: POP_BYTES, shieldBytes: times * POP_BYTES };
  const network = await openNetwork(sizes, run.scratch.directory(`shields-${shields}`));
  try {
    // The same for each PoP, in the same order, with shields and without.
    const draw = zipf(objects.length, alpha);
    const chances = Array.from({ length: POPS }, (_, pop) => chance(100 + pop));
    const next = (pop: number) => objects[draw(chances[pop] ?? chance(0))] ?? objects[0];
    await askAll(network, WARM_UP, next);
    const hitsBefore = hitsOf(network);
    const before = await network.door();
    await askAll(network, COUNTED, next);
    const after = await network.door();
    return {
      requests: after.requests - before.requests,
      bytes: after.bytes - before.bytes,
      popHits: (hitsOf(network) - hitsBefore) / (COUNTED * POPS),
      popHolds: entriesOf(network.pops) / objects.length,
      shieldHolds: entriesOf(network.shields) / objects.length,
    };
  } finally {
    await network.close();
  }
}

/** Of each of them, on average. */
function entriesOf(nodes: ShieldedNetwork['pops']): number {
  return nodes.reduce((sum, node) => sum + node.status().memory.entries, 0) / nodes.length;
}

function hitsOf({ pops }: ShieldedNetwork): number {
  return pops.reduce((sum, pop) => sum + pop.status().hits, 0);
}

/** So many requests to each PoP. */
async function askAll(
  network: ShieldedNetwork,
  count: number,
  next: (pop: number) => Body | undefined,
): Promise<void> {
  const asks = Array.from({ length: POPS }, (_, pop) => {
    let left = count;
    const client = async () => {
      while (left-- > 0) await get(network.urlOf(pop), next(pop));
    };
    return Array.from({ length: CLIENTS }, client);
  });
  await Promise.all(asks.flat());
}

const TIMEOUTS = { firstByteMs: 10_000, betweenBytesMs: 10_000 };

async function get(base: string, wanted: Body | undefined): Promise<void> {
  if (!wanted) throw new Error('there are no objects');
  const { signal } = new AbortController();
  const url = base + wanted.path;
  const headers = new Headers();
  const answer = await request(url, {
    method: 'GET',
    headers,
    signal,
    timeouts: TIMEOUTS,
    clock: systemClock,
  });
  const { status, body } = answer;
  const bytes = body instanceof ReadableStream ? await new Response(body).bytes() : body;
  if (status !== 200 || bytes === null || Buffer.compare(bytes, bytesAt(wanted.path, wanted.bytes)) !== 0) {
    throw new Error(`${url} was answered ${status}, or with other bytes`);
  }
}
