/**
 * How long an answer takes by who has it: the same objects, asked for through the links of the emulated world once when a prediction has brought them
 * to the PoP, once from its memory, once when the shield alone has them, and once when it is the origin.
 */
import { readAccessLog } from '../../test/support/access-log.ts';
import { makeCertificate } from '../certificate.ts';
import { number } from '../figures.ts';
import { requireCommands } from '../packages.ts';
import { percentile } from '../statistics.ts';
import type { Run, Suite, SuiteReport } from '../suite.ts';
import { startUpstream } from '../upstream.ts';
import { type Bar, barChart } from '../world/chart.ts';
import { openWorld, type World } from '../world/network.ts';
import { openPlaces } from '../world/places.ts';
import { startWorldUpstream } from '../world/upstream.ts';

/** A client that asks for this is going to ask for much more. */
const ROOT = '/npm/express';
/** As npm says it. */
const FIELDS = {
  accept: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*',
  'user-agent': 'npm/10.9.2 node/v22.13.0 linux x64 workspaces/false',
};
const MOST = 60;
const FEWEST = 20;
/** Predictions have come to an end when nothing has been brought for so long. */
const QUIET_MS = 1500;
const LONGEST_MS = 60_000;

const tiers = ['predicted', 'PoP', 'shield', 'origin'] as const;
type Tier = (typeof tiers)[number];
const connections = ['kept', 'new'] as const;
type Connection = (typeof connections)[number];
const seriesOf: Record<Connection, string> = { kept: 'connection kept', new: 'new connection' };

/** To the head of the answer, ms. */
type Times = Record<Tier, Record<Connection, number[]>>;

export const tiersSuite: Suite = {
  name: 'tiers',
  about:
    'Latency by who has the answer: predicted, PoP, shield, origin, through links as long as in the world.',
  cases: ['the same objects at each tier'],
  peers: [],
  defaults: { rounds: 1, seconds: 0 },
  run: runTiers,
};

async function runTiers(run: Run): Promise<SuiteReport> {
  requireCommands(['openssl', 'taskset']);
  const { scratch, cores } = run;
  const places = await openPlaces();
  const upstream = await startWorldUpstream(scratch, cores.load, places.upstreamPort, places.wheels);
  const objects = await startUpstream(scratch, cores.load);
  const certificate = await makeCertificate(scratch.directory('certificate'));
  const world = await openWorld({
    ...{ scratch, cores, places, certificate, wanted: run.world },
    upstreams: { packages: upstream.url, objects: objects.url },
  });
  run.progress('warming the origin');
  await world.begin({ predicts: true, keeps: 'nothing', keepsShield: false });
  await bringAhead(world);

  const times = Object.fromEntries(tiers.map((tier) => [tier, { kept: [], new: [] }])) as unknown as Times;
  for (let round = 0; round < run.rounds; round++) {
    await world.begin({ predicts: true, keeps: 'nothing', keepsShield: false });
    const targets = await bringAhead(world);
    run.progress(`round ${round + 1} of ${run.rounds}: ${targets.length} objects were predicted`);
    await take(world, targets, 'predicted', times);
    await take(world, targets, 'PoP', times);
    await world.begin({ predicts: false, keeps: 'nothing', keepsShield: true });
    await take(world, targets, 'shield', times);
    await world.begin({ predicts: false, keeps: 'nothing', keepsShield: false });
    await take(world, targets, 'origin', times);
  }
  return reportOf(run, times);
}

/** What a client's first request leads to. Waits until all of it is at the PoP. */
async function bringAhead({ url, logs }: World): Promise<string[]> {
  const before = readAccessLog(logs.shield).length;
  await (await fetch(url + ROOT, { headers: FIELDS })).arrayBuffer();
  const deadline = performance.now() + LONGEST_MS;
  let targets: string[] = [];
  for (let quietMs = 0; quietMs < QUIET_MS && performance.now() < deadline; ) {
    await Bun.sleep(100);
    const lines = readAccessLog(logs.shield).slice(before);
    const brought = lines.filter(
      ({ route, status, target }) => route === 'npm' && status === 200 && target !== ROOT,
    );
    const now = [...new Set(brought.map(({ target }) => target))];
    quietMs = now.length === targets.length ? quietMs + 100 : 0;
    targets = now;
  }
  if (targets.length < FEWEST) throw new Error(`only ${targets.length} objects were predicted`);
  return targets.slice(0, MOST);
}

/** One after the other, over one connection and over new ones by turns. Throws where somebody else answers. */
async function take({ url }: World, targets: readonly string[], tier: Tier, times: Times): Promise<void> {
  for (const [nth, target] of targets.entries()) {
    const connection = nth % 2 === 0 ? 'kept' : 'new';
    const startedMs = performance.now();
    const response = await fetch(url + target, { headers: FIELDS, keepalive: connection === 'kept' });
    const tookMs = performance.now() - startedMs;
    await response.arrayBuffer();
    const said = response.headers.get('cache-status') ?? '';
    if (response.status !== 200 || answererOf(said) !== tier.replace('predicted', 'PoP'))
      throw new Error(`${target} is not answered by ${tier}: ${response.status}, ${said}`);
    // The first one makes the connection that is kept.
    if (nth > 0) times[tier][connection].push(tookMs);
  }
}

/** `Cache-Status` lists the tiers from the origin to the PoP (RFC 9211 §2): the last that says `hit` has answered. */
function answererOf(cacheStatus: string): string {
  const members = cacheStatus.split(', ').toReversed();
  const depth = members.findIndex((member) => /;\s*hit\b/.test(member));
  return ['PoP', 'shield', 'origin'][depth] ?? 'nobody';
}

function reportOf(run: Run, times: Times): SuiteReport {
  const sorted = (tier: Tier, connection: Connection) => times[tier][connection].toSorted((a, b) => a - b);
  const bars: Bar[] = tiers.flatMap((label) =>
    connections.map((connection) => ({
      ...{ label, series: seriesOf[connection] },
      value: percentile(sorted(label, connection), 0.5),
    })),
  );
  const [client, shield, origin] = run.world.roundTripsMs;
  return {
    suite: tiersSuite.name,
    about: tiersSuite.about,
    versions: { Bun: Bun.version },
    proofs: [
      'Every answer had status 200, and `Cache-Status` named the tier that it is counted for.',
      'Nobody had asked for what is called predicted before it was measured.',
    ],
    subjects: [],
    rounds: run.rounds,
    seconds: 0,
    figures: [],
    rows: [],
    tables: [
      {
        title: 'Latency by tier',
        remarks: [
          `From the request to the head of the answer, as the client sees it, ms: p50 / p99. Round trips: ${client} ms from client to PoP, ${shield} ms from PoP to shield, ${origin} ms from shield to origin. A new connection costs one more from client to PoP.`,
        ],
        names: 1,
        head: ['who has it', ...connections.map((each) => seriesOf[each]), 'objects'],
        body: tiers.map((tier) => [
          tier,
          ...connections.map((connection) => {
            const all = sorted(tier, connection);
            return `${number(percentile(all, 0.5), 1)} / ${number(percentile(all, 0.99), 1)}`;
          }),
          String(times[tier].kept.length + times[tier].new.length),
        ]),
      },
    ],
    charts: [{ file: 'latency-by-tier.svg', svg: barChart('Latency by who has the answer', 'ms', bars) }],
  };
}
