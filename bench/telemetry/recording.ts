/**
 * What it costs to record a hit in memory, as a node does: prints one line of JSON, nanoseconds of processor time for each request.
 * Run as a process of its own, with the path of an access log that it may write.
 */
import type { PreparedHead } from '../../src/cache/memory.ts';
import { systemClock } from '../../src/clock.ts';
import { ownExchange } from '../../src/node/own-exchange.ts';
import { type HitRecorder, recordHit } from '../../src/node/record.ts';
import type { CacheKey, Resource } from '../../src/resource.ts';
import { openAccessLog } from '../../src/telemetry/access-log.ts';
import { registry } from '../../src/telemetry/metrics/registry.ts';
import { requestMeter } from '../../src/telemetry/metrics/requests.ts';
import { onlyCredentials } from '../../src/telemetry/redaction.ts';
import { popularity } from '../../src/telemetry/top/popularity.ts';
import { openTracing, type Tracing } from '../../src/telemetry/tracing/tracing.ts';

const HITS = 2_000_000;
const OBJECTS = 64;
/** A sample goes by their ids. */
const EXCHANGES = 500;
const LOOKUPS = 200_000;
/** What a hit takes. */
const usualMs = 0.05;

export interface Recording {
  /** Requests by route, outcome, status and layer, and bytes. */
  readonly metricsNanos: number;
  /** These, and what is asked for most, with who asks. */
  readonly popularityNanos: number;
  /** All of it, and a line of the access log for one request of a hundred. */
  readonly sampledNanos: number;
  /** All of it, and a line for each. Its client's address is known already. */
  readonly accessLogNanos: number;
  /** To find out a client's address, as is done for each line. */
  readonly addressNanos: number;
}

interface Stored {
  readonly resource: Resource;
  readonly entry: { readonly status: number; readonly sizeBytes: number };
  prepared: PreparedHead;
}

if (import.meta.main) console.log(JSON.stringify(await measure(process.argv[2] ?? '')));

async function measure(path: string): Promise<Recording> {
  const logOf = (samplePercent: number) =>
    openAccessLog({ ...onlyCredentials, format: 'json', path, samplePercent, slowMs: 1000 }, systemClock);
  const [log, sample] = [logOf(100), logOf(1)];
  const meter = requestMeter(registry(), () => undefined);
  const counts = { requests: 0, hits: 0, errors: 0, pending: 0 };
  const bare: HitRecorder = {
    ...{ name: 'pop', clock: systemClock, counts, meter, tracing: untraced(), guard: null },
    popularity: null,
    accessLog: null,
  };
  const counting = { ...bare, popularity: popularity(systemClock.now(), 1) };
  const metricsNanos = await perHit(bare);
  const popularityNanos = await perHit(counting);
  const sampledNanos = await perHit({ ...counting, accessLog: sample });
  const accessLogNanos = await perHit({ ...counting, accessLog: log });
  await Promise.all([log?.close(), sample?.close()]);
  return { metricsNanos, popularityNanos, sampledNanos, accessLogNanos, addressNanos: await perAddress() };
}

/** By the runtime's server, of a client that is waiting. */
async function perAddress(): Promise<number> {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request, asked) {
      let found = 0;
      const before = process.cpuUsage();
      for (let at = 0; at < LOOKUPS; at++) if (asked.requestIP(request)?.address !== undefined) found++;
      const { user, system } = process.cpuUsage(before);
      return new Response(found === LOOKUPS ? String(((user + system) * 1000) / LOOKUPS) : 'unknown');
    },
  });
  const nanos = Number(await (await fetch(server.url)).text());
  await server.stop(true);
  if (Number.isNaN(nanos)) throw new Error('the server does not know who asks');
  return nanos;
}

/** Looks at what is slow or failed, and sends it nowhere. */
function untraced(): Tracing {
  return openTracing({
    ...{ clock: systemClock, settings: null, about: {}, random: (bytes) => new Uint8Array(bytes) },
    counts: { kept: { failed: 0, slow: 0, sampled: 0, told: 0 }, dropped: 0 },
    ...{ keep: () => undefined, exemplify: () => undefined, tell: () => undefined },
  });
}

async function perHit(node: HitRecorder): Promise<number> {
  const stored = Array.from({ length: OBJECTS }, (_, at) => storedAt(at));
  hit(node, stored, HITS / 10);
  const before = process.cpuUsage();
  // As a node does it: now and then it has time for what waits.
  for (let part = 0; part < 100; part++) {
    hit(node, stored, HITS / 100);
    await Bun.sleep(0);
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / HITS;
}

function hit(node: HitRecorder, stored: readonly Stored[], times: number): void {
  const exchanges = Array.from({ length: EXCHANGES }, () =>
    ownExchange({
      ...{ method: 'GET', target: '/npm/left-pad', body: null },
      ...{ nowMs: systemClock.now(), startedMs: systemClock.elapsed() },
    }),
  );
  for (let at = 0; at < times; at++) {
    const { resource, entry, prepared } = stored[at % OBJECTS]!;
    const exchange = exchanges[at % EXCHANGES]!;
    const account = { exchange, route: 'npm', kind: resource.kind, resource, token: undefined };
    recordHit(node, account, usualMs, entry, 'hit', prepared);
  }
}

function storedAt(at: number): Stored {
  const key = `npm tarball/package-${at}` as CacheKey;
  const resource: Resource = {
    ...{ as: 'resource', key, kind: 'tarball', subject: `package-${at}`, isDownload: true },
    ...{ tags: [], ask: 'client' },
  };
  return {
    ...{ resource, entry: { status: 200, sizeBytes: 1024 } },
    prepared: { second: 0, headers: new Headers(), timing: '', hits: 0 },
  };
}
