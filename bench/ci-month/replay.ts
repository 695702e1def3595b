/** A month of requests, one after another as they come, and what became of them. */

import type { Snapshot } from '../../src/telemetry/metrics/snapshot.ts';
import type { MetricName } from '../../src/telemetry/metrics/table.ts';
import { type MonthClock, openMonthClock } from './clock.ts';
import { type MonthNetwork, openMonthNetwork } from './network.ts';
import { startMonthRegistry } from './registry.ts';
import { type Asked, openSessions, type Session } from './sessions.ts';
import { type Happening, type MonthOptions, monthOf } from './world.ts';

export interface ReplayOptions extends Omit<MonthOptions, 'startMs'> {
  readonly directory: string;
  readonly predicts: boolean;
  readonly popMemoryBytes: number;
  readonly popDiskBytes: number;
  progress(line: string): void;
}

export interface Week {
  requests: number;
  hits: number;
  /** Another request's fill, or one that nobody had asked for, was under way. */
  joined: number;
}

export interface Replayed {
  readonly weeks: readonly Week[];
  readonly originRequests: number;
  readonly upstreamRequests: number;
  /** That came to the PoP for its cache. */
  readonly fillBytes: number;
  readonly tookMs: number;
}

/** 1 June 2026, a Monday. */
const startMs = Date.UTC(2026, 5, 1);
/** A day passes in no time but for what is going on in it, and that at this speed. */
const speed = 5;
/** While nothing happens, nodes look at the clock this often. */
const stepMs = 150_000;
const settleMs = 1;
const mostWaits = 2_000;
const weekMs = 7 * 86_400_000;
const atOnce = 15;
/** A client and its PoP. */
const nearMs = 10;
const route = 'npm';

export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { seed, predicts, progress } = options;
  const month = monthOf({ ...options, startMs });
  const clock = openMonthClock(startMs, speed);
  const registry = startMonthRegistry(month.packages);
  const network = await openMonthNetwork({ ...options, clock, registry: registry.url });
  const sessions = openSessions(month.packages, seed + 1);
  const weeks: Week[] = [];
  const before = { fillBytes: 0 };
  const running = new Set<Promise<void>>();
  const beganMs = performance.now();

  async function happen(happening: Happening): Promise<void> {
    await reach(happening.atMs);
    if (happening.what === 'restart') {
      await Promise.all(running);
      before.fillBytes += sumOf(network.pop(), 'meridian.cache.fill.size');
      await network.restartPop();
    }
    for (const session of sessions.of(happening) ?? []) {
      const at = Math.floor((clock.now() - startMs) / weekMs);
      weeks[at] ??= { requests: 0, hits: 0, joined: 0 };
      const run = play(session, network.url, clock, weeks[at]).finally(() => running.delete(run));
      running.add(run);
    }
  }

  /** Time passes as fast as nodes have nothing to do. */
  async function reach(atMs: number): Promise<void> {
    while (clock.now() < atMs) {
      if (running.size > 0) await Bun.sleep(settleMs);
      else {
        clock.skip(Math.min(stepMs, atMs - clock.now()));
        await settled(network);
      }
    }
  }

  try {
    let told = 0;
    for (const [at, happening] of month.happenings.entries()) {
      await happen(happening);
      if (at < told) continue;
      told += Math.ceil(month.happenings.length / 20);
      const { requests, hits } = total(weeks);
      const s = ((performance.now() - beganMs) / 1000).toFixed(0);
      progress(
        `${predicts ? 'on' : 'off'}: ${at}/${month.happenings.length}, ${requests} requests, ${hits} hits, ${s} s`,
      );
    }
    await Promise.all(running);
    return {
      weeks,
      originRequests: sumOf(network.origin(), 'meridian.requests'),
      upstreamRequests: registry.requests,
      fillBytes: before.fillBytes + sumOf(network.pop(), 'meridian.cache.fill.size'),
      tookMs: performance.now() - beganMs,
    };
  } finally {
    await network.close();
    await registry.close();
    clock.close();
  }
}

export function total(weeks: readonly Week[]): Week {
  const sum = { requests: 0, hits: 0, joined: 0 };
  for (const { requests, hits, joined } of weeks) {
    sum.requests += requests;
    sum.hits += hits;
    sum.joined += joined;
  }
  return sum;
}

/** What was begun in this step of time is over. */
async function settled(network: MonthNetwork): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  for (let waits = 0; !network.isQuiet; waits++) {
    if (waits === mostWaits) throw new Error('the nodes do not come to rest');
    await Bun.sleep(settleMs);
  }
}

async function play(session: Session, url: string, clock: MonthClock, week: Week): Promise<void> {
  for (const phase of session.phases) {
    let next = 0;
    const worker = async () => {
      for (let asked = phase[next++]; asked !== undefined; asked = phase[next++]) {
        await new Promise<void>((resolve) => clock.after(nearMs, resolve));
        await ask(asked, session.from, url, week);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, phase.length) }, worker));
  }
}

const documentType = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*';

async function ask(
  { target, isDocument, body }: Asked,
  from: string,
  url: string,
  week: Week,
): Promise<void> {
  const headers = {
    ...{ 'user-agent': 'npm/11.6.1 node/v24.9.0 linux x64 workspaces/false ci/github-actions' },
    ...{ 'x-forwarded-for': from, accept: isDocument ? documentType : '*/*' },
  };
  const response =
    body === undefined
      ? await fetch(url + target, { headers })
      : await fetch(url + target, {
          method: 'POST',
          body,
          headers: { ...headers, 'content-type': 'application/json' },
        });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${target}: ${response.status}`);
  if (body !== undefined) return;
  const [own = ''] = (response.headers.get('cache-status') ?? '').split(',').slice(-1);
  week.requests++;
  if (own.includes(';hit')) week.hits++;
  else if (own.includes(';collapsed')) week.joined++;
}

/** Of this route, and of what is asked about it ahead. */
function sumOf(snapshot: Snapshot, metric: MetricName): number {
  const samples = (snapshot[metric] ?? []).filter(
    ({ labels }) => labels[0] === route || labels[0] === 'meridian-ahead',
  );
  return samples.reduce((sum, { value }) => sum + (typeof value === 'number' ? value : 0), 0);
}
