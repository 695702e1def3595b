/**
 * What it costs to write down one request, by itself: the counting that a hit pays, and a line of the access log, as a program
 * of its own on the server's core. The rest of what telemetry costs is in the figures of the peers.
 */
import { join } from 'node:path';
import { systemClock } from '../src/clock.ts';
import { type AccessLogSettings, openAccessLog } from '../src/telemetry/access-log.ts';
import { registry } from '../src/telemetry/metrics/registry.ts';
import { requestMeter } from '../src/telemetry/metrics/requests.ts';
import { capture, pinned } from './process.ts';
import { spread } from './statistics.ts';
import type { Run, Table } from './suite.ts';

/** Long enough to be compiled, and for the writer of the log to have its share. */
const REQUESTS = 200_000;
/** The event loop gets its turn after so many, as it does between requests. */
const BATCH = 100;

const KINDS = {
  metrics: 'counters and histograms of metrics',
  json: 'a JSON line of the access log, to a file',
  text: 'a text line of the access log, to a file',
} as const;
type Kind = keyof typeof KINDS;

export async function recordingTable({ scratch, cores, rounds }: Run): Promise<Table> {
  const rows: string[][] = [];
  for (const [kind, title] of Object.entries(KINDS)) {
    const taken: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const command = [process.execPath, import.meta.path, kind, scratch.directory(`recording-${kind}`)];
      taken.push(Number(await capture(...pinned(cores.server, command))));
    }
    const { median, min, max } = spread(taken);
    rows.push([title, ...[median, min, max].map((nanos) => nanos.toFixed(0))]);
  }
  return {
    title: 'Writing down one request',
    remarks: [
      `Processor time of the whole process, other threads included, for each of ${REQUESTS.toLocaleString('en-US')} requests, ${rounds} times.`,
    ],
    names: 1,
    head: ['what', 'ns/request', 'least', 'most'],
    body: rows,
  };
}

/** The program itself: says how many ns of processor time one request took. */
async function take(kind: Kind, directory: string): Promise<number> {
  const record = recorderOf(kind, directory);
  await run(record.one, REQUESTS / 4);
  const before = process.cpuUsage();
  await run(record.one, REQUESTS);
  await record.close();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / REQUESTS;
}

async function run(one: () => void, times: number): Promise<void> {
  for (let at = 0; at < times; at += BATCH) {
    for (let each = 0; each < BATCH; each++) one();
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

interface Recorder {
  one(): void;
  close(): Promise<void>;
}

function recorderOf(kind: Kind, directory: string): Recorder {
  if (kind === 'metrics') {
    const meter = requestMeter(registry(), () => undefined);
    let tookMs = 0.01;
    return {
      one: () => {
        tookMs = tookMs < 1 ? tookMs * 1.1 : 0.01;
        meter.record('web', 'hit', 200, 1024, tookMs, null);
      },
      close: async () => undefined,
    };
  }
  const settings: AccessLogSettings = { format: kind, path: join(directory, 'access.log') };
  const log = openAccessLog(settings, systemClock);
  if (log === null) throw new Error('the log is off');
  return { one: () => log.record(aRequest()), close: () => log.close() };
}

let requests = 0;

function aRequest() {
  return {
    timeMs: systemClock.now(),
    id: `5f3a9c1e-${(requests++).toString(36)}`,
    ...{ node: 'pop', client: '127.0.0.1', method: 'GET', target: '/hit/1024/0', status: 200 },
    ...{ bytes: 1024, durationMs: 0.02, outcome: 'hit', kind: 'page', route: 'web' },
  };
}

if (import.meta.main) {
  const [kind, directory = ''] = process.argv.slice(2);
  if (kind !== 'metrics' && kind !== 'json' && kind !== 'text') throw new Error(`there is no ${kind}`);
  console.log(await take(kind, directory));
  process.exit(0);
}
