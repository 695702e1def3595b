/** A month of requests, one after another as they come, and what became of them. */

import type { Predicted } from '../../src/messages/predictions.ts';
import { type MonthClock, openMonthClock } from './clock.ts';
import { type MonthNetwork, openMonthNetwork } from './network.ts';
import { startMonthRegistry } from './registry.ts';
import { type Asked, openSessions, type Session } from './sessions.ts';
import { type Happening, type MonthOptions, monthOf } from './world.ts';
import { type Want, type Worth, worthOf } from './worth.ts';

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
  readonly worth: Worth;
  /** As the PoP counts it: somebody has to come sooner for what has been fetched. */
  readonly predicted: Predicted | undefined;
  readonly upstreamRequests: number;
  readonly tookMs: number;
}

/** 1 June 2026, a Monday. */
const startMs = Date.UTC(2026, 5, 1);
/** While nothing happens, nodes look at the clock this often: as long as something may be in use, and when nothing has been for a while. */
const stepMs = { soon: 150_000, later: 600_000 };
const soonMs = 15 * 60_000;
/** Before something happens they do once more: they look a minute or two ahead. */
const aheadMs = 90_000;
const settleMs = 1;
/** What cannot be had is tried for some seconds. */
const mostWaits = 30_000;
const weekMs = 7 * 86_400_000;
const atOnce = 15;
/** A client and its PoP. */
const nearMs = 10;
const route = 'npm';

export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { seed, predicts, progress } = options;
  const month = monthOf({ ...options, startMs });
  const clock = openMonthClock(startMs);
  const registry = startMonthRegistry(month.packages);
  const network = await openMonthNetwork({ ...options, clock, registry: registry.url });
  const sessions = openSessions(month.packages, seed + 1);
  const weeks: Week[] = [];
  const wants: Want[] = [];
  const running = new Set<Promise<void>>();
  const beganMs = performance.now();
  /** When something happened. */
  let lastMs = startMs;

  async function happen(happening: Happening): Promise<void> {
    // Nodes learn of it when they ask: it is nothing to stop for.
    if (happening.what !== 'publication') await reach(happening.atMs);
    if (happening.what === 'restart') {
      await Promise.all(running);
      await network.restartPop();
      await settled(network, clock);
    }
    for (const session of sessions.of(happening) ?? []) {
      const at = Math.floor((clock.now() - startMs) / weekMs);
      weeks[at] ??= { requests: 0, hits: 0, joined: 0 };
      const run = play(session, { url: network.url, clock, week: weeks[at], wants }).finally(() => {
        running.delete(run);
        lastMs = clock.now();
      });
      running.add(run);
    }
  }

  /** Time passes as fast as nodes have nothing to do. */
  async function reach(atMs: number): Promise<void> {
    for (let leftMs = atMs - clock.now(); leftMs > 0; leftMs = atMs - clock.now()) {
      if (running.size > 0) await earlier(leftMs, running);
      else clock.skip(stepTo(leftMs));
      // What a client has led to may outlast him.
      if (running.size === 0) await settled(network, clock);
    }
  }

  function stepTo(leftMs: number): number {
    if (leftMs <= aheadMs) return leftMs;
    const step = clock.now() < lastMs + soonMs ? stepMs.soon : stepMs.later;
    return Math.min(step, leftMs - aheadMs);
  }

  async function earlier(ms: number, all: Iterable<Promise<void>>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(ms, resolve);
    await Promise.race([promise, Promise.all(all)]);
    cancel();
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
    const tookMs = performance.now() - beganMs;
    const { predicted } = network;
    await network.close();
    const worth = worthOf(network.logPath, route, wants);
    return { weeks, worth, predicted, upstreamRequests: registry.requests, tookMs };
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
async function settled(network: MonthNetwork, clock: MonthClock): Promise<void> {
  // Nodes look at the clock for what they say of themselves: they are asked last.
  for (let waits = 0; !clock.isAtRest || !network.isQuiet; waits++) {
    if (waits === mostWaits) throw new Error('the nodes do not come to rest');
    await Bun.sleep(settleMs);
  }
}

interface Playing {
  readonly url: string;
  readonly clock: MonthClock;
  readonly week: Week;
  readonly wants: Want[];
}

async function play({ phases, from }: Session, playing: Playing): Promise<void> {
  for (const phase of phases) {
    let next = 0;
    const worker = async () => {
      for (let asked = phase[next++]; asked !== undefined; asked = phase[next++]) {
        await new Promise<void>((resolve) => playing.clock.journeys.after(nearMs, resolve));
        await ask(asked, from, playing);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, phase.length) }, worker));
  }
}

const documentType = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*';

async function ask(
  { target, isDocument, body }: Asked,
  from: string,
  { url, clock, week, wants }: Playing,
): Promise<void> {
  const atMs = clock.now();
  const response = await fetch(url + target, {
    ...(body !== undefined && { method: 'POST', body }),
    headers: {
      ...{ 'user-agent': 'npm/11.6.1 node/v24.9.0 linux x64 workspaces/false ci/github-actions' },
      ...{ 'x-forwarded-for': from, accept: isDocument ? documentType : '*/*' },
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
  });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${target} was answered with ${response.status}`);
  if (body !== undefined) return;
  const [own = ''] = (response.headers.get('cache-status') ?? '').split(',').slice(-1);
  const isJoined = own.includes(';collapsed');
  const isHit = own.includes(';hit');
  week.requests++;
  if (isHit) week.hits++;
  else if (isJoined) week.joined++;
  wants.push({ target, atMs, isMiss: !isHit && !isJoined });
}
