/**
 * What one node tells another over the bus: how long it takes until it is heard, and how much can be said. Publisher and
 * subscriber are two processes on this machine, the server, where there is one, a third.
 */
import { join } from 'node:path';
import { type BusSettings, openBus } from '../../src/bus/open.ts';
import { systemClock } from '../../src/clock.ts';
import { type Daemon, startNats, startRedis } from '../../test/support/daemon.ts';
import type { Heard } from '../bus/hearer.ts';
import { number } from '../figures.ts';
import { capture } from '../process.ts';
import type { Run, Suite, SuiteReport, Table } from '../suite.ts';

const DRIVERS = ['local', 'nats', 'redis'] as const;
type Driver = (typeof DRIVERS)[number];

/** Published at this rate, one by one, the latency is measured. */
const CALM_PER_SECOND = 200;
/** The goal for single purges. */
const BUSY_PER_SECOND = 10_000;
const BATCH_MS = 5;
/** As fast as they go: how many, and how many without an answer at a time. */
const FLOOD_EVENTS = 100_000;
const FLOOD_WINDOW = 4096;
const KEEP = { events: 1_000_000, ageMs: 3_600_000 };
const LOG = { warn: (message: string, fields?: object) => console.error(message, fields) };

export const bus: Suite = {
  name: 'bus',
  about:
    'Events from one process to another over the bus: latency at 200/s and at 10,000/s, and the most that passes.',
  cases: [...DRIVERS],
  peers: [],
  defaults: { rounds: 1, seconds: 5 },
  run: runBus,
};

async function runBus(run: Run): Promise<SuiteReport> {
  const body: Measured[] = [];
  for (const driver of DRIVERS.filter((name) => name.includes(run.only))) {
    run.progress(driver);
    const server = await start(driver);
    try {
      body.push(await measure(driver, settingsOf(driver, server, run), run.seconds));
    } finally {
      await server?.[Symbol.asyncDispose]();
    }
  }
  return {
    suite: bus.name,
    about: bus.about,
    versions: {
      Bun: Bun.version,
      NATS: (await capture('nats-server', '--version')).trim(),
      Redis: (await capture('redis-server', '--version')).trim(),
    },
    proofs: ['Every event that was published was delivered, once.'],
    subjects: [],
    rounds: 1,
    seconds: run.seconds,
    figures: [],
    rows: [],
    tables: [tableOf(body)],
  };
}

interface Measured {
  readonly driver: Driver;
  readonly figures: readonly string[];
  /** At the calm rate. */
  readonly p50Ms: number;
  /** A second. */
  readonly delivered: number;
}

function tableOf(measured: readonly Measured[]): Table {
  const local = measured.find(({ driver }) => driver === 'local');
  const latency = (rate: number) => [`p50 at ${number(rate, 0)}/s, ms`, `p99 at ${number(rate, 0)}/s, ms`];
  return {
    title: 'From `publish` in one process to `event` in another',
    remarks: [
      'An event is a small purge by key. NATS keeps it in a file as it comes, Redis in memory with `appendfsync everysec`, the local bus in a file.',
    ],
    names: 1,
    head: [
      'driver',
      ...latency(CALM_PER_SECOND),
      ...latency(BUSY_PER_SECOND),
      'most acknowledged/s',
      'most delivered/s',
      'µs of processor time per event, to publish',
      ...(local ? ['p50 ÷ local', 'delivered ÷ local'] : []),
    ],
    body: measured.map(({ driver, figures, delivered, p50Ms }) => [
      driver,
      ...figures,
      ...(local ? [number(p50Ms / local.p50Ms, 2), number(delivered / local.delivered, 2)] : []),
    ]),
  };
}

function start(driver: Driver): Promise<Daemon> | null {
  if (driver === 'nats') return startNats();
  return driver === 'redis' ? startRedis({ more: ['--appendonly', 'yes'] }) : null;
}

function settingsOf(driver: Driver, server: Daemon | null, run: Run): BusSettings {
  const common = { keep: KEEP, publishMs: 10_000, prefix: 'bench' };
  const address = `127.0.0.1:${server?.port}`;
  switch (driver) {
    case 'local':
      return { ...common, driver, path: join(run.scratch.directory('bus', 'disk'), 'log.sqlite') };
    case 'nats':
      return { ...common, driver, servers: [`nats://${address}`], replicas: 1 };
    case 'redis':
      return { ...common, driver, url: `redis://${address}` };
  }
}

async function measure(driver: Driver, settings: BusSettings, seconds: number): Promise<Measured> {
  const phases = [CALM_PER_SECOND * seconds, BUSY_PER_SECOND * seconds, FLOOD_EVENTS];
  const here = await openBus(settings, { clock: systemClock, log: LOG, publisher: 'bench' });
  const hearer = Bun.spawn(
    [
      process.execPath,
      join(import.meta.dirname, '../bus/hearer.ts'),
      JSON.stringify(settings),
      JSON.stringify(phases),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = linesOf(hearer.stdout);
  try {
    while ((await lines.next()).value !== 'ready');
    const publish = () => here.publish('bench', { type: 'purge', version: 1, data: eventNow() });
    const heard: Heard[] = [];
    const next = async () => heard.push(JSON.parse((await lines.next()).value ?? '') as Heard);
    await paced(publish, CALM_PER_SECOND, phases[0] ?? 0);
    await next();
    await paced(publish, BUSY_PER_SECOND, phases[1] ?? 0);
    await next();
    const cpu = process.cpuUsage();
    const acknowledgedPerSecond = await flood(publish, FLOOD_EVENTS);
    const { user, system } = process.cpuUsage(cpu);
    await next();
    const [calm, busy, most] = heard;
    if (calm === undefined || busy === undefined || most === undefined)
      throw new Error('the hearer has fallen silent');
    const delivered = (most.events / most.overMs) * 1000;
    const figures = [
      ...[calm.p50Ms, calm.p99Ms, busy.p50Ms, busy.p99Ms].map((ms) => number(ms, 2)),
      number(acknowledgedPerSecond, 0),
      number(delivered, 0),
      number((user + system) / FLOOD_EVENTS, 1),
    ];
    return { driver, figures, p50Ms: calm.p50Ms, delivered };
  } finally {
    hearer.kill();
    await here.close();
  }
}

function eventNow() {
  return {
    at: performance.timeOrigin + performance.now(),
    by: 'key',
    key: 'npm\nhttps://packages.example/lodash',
    soft: true,
  };
}

/** Publishes at a rate, and waits for all answers at the end. */
async function paced(publish: () => Promise<unknown>, perSecond: number, events: number): Promise<void> {
  const began = performance.now();
  const answers: Promise<unknown>[] = [];
  while (answers.length < events) {
    const due = Math.min(events, Math.ceil(((performance.now() - began) / 1000) * perSecond));
    while (answers.length < due) answers.push(publish());
    await Bun.sleep(BATCH_MS);
  }
  await Promise.all(answers);
}

/** Returns events acknowledged per second. */
async function flood(publish: () => Promise<unknown>, events: number): Promise<number> {
  const began = performance.now();
  let left = events;
  const one = async () => {
    while (left-- > 0) await publish();
  };
  await Promise.all(Array.from({ length: FLOOD_WINDOW }, one));
  return (events / (performance.now() - began)) * 1000;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of stream) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
