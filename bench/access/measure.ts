/**
 * What a PoP's replica of very many tokens costs: run as a process of its own, with the settings of a bus that holds them, as JSON,
 * and their number; prints one line of JSON.
 */

import { credentialIn } from '../../src/access/credential.ts';
import { type BusSettings, openBus } from '../../src/bus/open.ts';
import { systemClock } from '../../src/clock.ts';
import type { Deed } from '../../src/identity.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { replicaOf, tokenAt } from './tokens.ts';

const MIB = 1024 * 1024;
const DECISIONS = 1_000_000;
/** Tokens that are shown at random: far more than are kept worked out. */
const SHOWN = 200_000;

export interface Measured {
  readonly startMs: number;
  /** Of the PoP's process alone. */
  readonly startCpuMs: number;
  readonly tableBytes: number;
  readonly residentMib: number;
  readonly peakMib: number;
  readonly openNanos: number;
  /** Of a thousand tokens, time and again. */
  readonly closedNanos: number;
  /** Of any token among all, without the reading of its field. */
  readonly anyNanos: number;
}

if (import.meta.main)
  console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? ''), Number(process.argv[3]))));

async function measure(settings: BusSettings, entries: number): Promise<Measured> {
  const bus = await openBus(settings, { clock: systemClock, log: silentLog, publisher: 'pop' });
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  const started = performance.now();
  const startedCpu = process.cpuUsage();
  const replica = replicaOf(bus);
  await replica.ready;
  const startMs = performance.now() - started;
  const startCpu = process.cpuUsage(startedCpu);
  const peakMib = (process.memoryUsage.rss() - before) / MIB;
  if (replica.tokens !== entries) throw new Error(`${replica.tokens} tokens instead of ${entries}`);
  Bun.gc(true);
  await Bun.sleep(1000); // For the allocator to give back what it took.
  Bun.gc(true);
  await Bun.sleep(500);
  const residentMib = (process.memoryUsage.rss() - before) / MIB;

  const openNanos = perItem(() => {
    if (!replica.isOpen('open')) throw new Error('the route is not open');
  });
  const headers = Array.from(
    { length: 1024 },
    (_, at) => new Headers({ authorization: `Bearer ${tokenAt((at * 7919) % entries)}` }),
  );
  const deed: Deed = { action: 'read', route: 'closed', subject: '@acme/ui', restricted: false };
  const nowMs = Date.now();
  const closedNanos = perItem((at) => {
    const credential = credentialIn(headers[at & 1023] ?? new Headers());
    if (credential.as !== 'token') throw new Error('no token');
    const identity = replica.identify(credential.token, nowMs, () => '127.0.0.1');
    if (typeof identity === 'string' || !identity.may(deed)) throw new Error('refused');
  });
  const shown = Array.from({ length: SHOWN }, () => tokenAt(Math.floor(Math.random() * entries)));
  const anyNanos = perItem((at) => {
    const identity = replica.identify(shown[at % SHOWN]!, nowMs, () => '127.0.0.1');
    if (typeof identity === 'string' || !identity.may(deed)) throw new Error('refused');
  });
  replica.close();
  await bus.close();
  const startCpuMs = (startCpu.user + startCpu.system) / 1000;
  return {
    startMs,
    startCpuMs,
    tableBytes: replica.bytes,
    residentMib,
    peakMib,
    openNanos,
    closedNanos,
    anyNanos,
  };
}

/** Processor time of one of so many, in nanoseconds. */
function perItem(work: (at: number) => void): number {
  for (let at = 0; at < DECISIONS / 10; at++) work(at);
  const before = process.cpuUsage();
  for (let at = 0; at < DECISIONS; at++) work(at);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / DECISIONS;
}
