/**
 * What an origin knows of all nodes: what they report of themselves, and how that was over the last weeks.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import meridian from '../../package.json' with { type: 'json' };
import type { Fleet } from '../access/api/fleet-state.ts';
import type { Bus } from '../bus.ts';
import type { Cache } from '../cache/cache.ts';
import type { Clock } from '../clock.ts';
import { mostReported } from '../messages/cached.ts';
import type { Report } from '../messages/report.ts';
import { readReports } from '../telemetry/fleet/board.ts';
import { countsOf } from '../telemetry/fleet/report.ts';
import { openSeries, type Series } from '../telemetry/fleet/series.ts';
import type { Log } from '../telemetry/log.ts';
import { bucketBounds } from '../telemetry/metrics/buckets.ts';
import { overviewOf } from '../telemetry/rum/report.ts';
import { hearTop } from '../telemetry/top/board.ts';
import { evictionsOf, hotOf, hottest, shownKey } from './cached.ts';
import type { NodeMetrics } from './metrics.ts';
import { versionedScript } from './rum.ts';
import type { NodeStatus } from './status.ts';

export interface NodeFleet extends Fleet {
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  /** The node's own. */
  readonly dataDir: string;
}

/** How often what is too old is looked for. */
const forgetEveryMs = 600_000;
/** Steps of an answer, unless it is asked for more or fewer. */
const usualPoints = 240;

export async function openFleet({ bus, clock, log, dataDir }: FleetOptions): Promise<NodeFleet> {
  const series = await openKept(dataDir, log);
  const reports = readReports(bus, clock, ({ node, role }, since, atMs) => {
    try {
      series.add(node, role, since, atMs);
    } catch (error) {
      log.warn('a point of the charts is lost', { node, error });
    }
  });
  const listening = hearTop(bus, (said) => {
    try {
      series.days.put(said);
    } catch (error) {
      log.warn('what was asked for most is not written down now', { node: said.node, error });
    }
  });
  let cancel = clock.after(0, forget);

  function forget(): void {
    cancel = clock.after(forgetEveryMs, forget);
    try {
      series.forget(clock.now());
    } catch (error) {
      log.warn('old points of the charts could not be deleted; that is tried again', { error });
    }
  }

  return {
    nodes: () =>
      reports.known.map(({ report: { rum: _, ...report }, atMs, ...how }) => ({
        ...report,
        heardMs: atMs,
        ...how,
      })),
    hot: () => hotOf([...reports.live.values()].map(({ report }) => report)),
    evictions: () => evictionsOf([...reports.live.values()].map(({ report }) => report)),
    rum: () => ({
      script: versionedScript,
      ...overviewOf([...reports.live.values()].flatMap(({ report: { rum } }) => rum ?? [])),
    }),
    series: ({ fromMs, toMs, points = usualPoints, node }) => ({
      ...{ fromMs, toMs, bounds: bucketBounds },
      ...series.read({ fromMs, toMs, points, node }),
    }),
    top: series.days,
    async close() {
      cancel();
      listening.close();
      reports.close();
      series.close();
    },
  };
}

/** On disk; in memory for as long as the process runs, where that fails. */
async function openKept(dataDir: string, log: Log): Promise<Series> {
  try {
    await mkdir(dataDir, { recursive: true });
    return openSeries(join(dataDir, 'series.sqlite'));
  } catch (error) {
    log.warn('the charts will be empty after a restart: their file cannot be opened', { dataDir, error });
    return openSeries(':memory:');
  }
}

export function reportOf(
  status: NodeStatus,
  metrics: Pick<NodeMetrics, 'read' | 'rum'>,
  cache: Pick<Cache, 'mostUsed' | 'evictions'>,
  worker: number,
): Report {
  const { name, role, startedAtMs, urls, memory, disk, rssBytes, fills, parents, bus, place, hot, predict } =
    status;
  const failing = parents.filter(({ healthy }) => !healthy).map((parent) => `parent ${parent.name}`);
  return {
    node: name,
    role,
    worker,
    startedMs: startedAtMs,
    version: meridian.version,
    urls: [...urls],
    counts: countsOf(metrics.read()),
    memory: boundsOf(memory),
    disk: disk && boundsOf(disk),
    rssBytes,
    fills,
    parents: parents.map((parent) => parent.name),
    place: place ?? null,
    trouble: bus === 'connected' ? failing : [...failing, 'bus'],
    hot: hottest(hot, cache.mostUsed()),
    evicted: cache.evictions.latest(mostReported).map((each) => ({ ...each, key: shownKey(each.key) })),
    predict,
    rum: metrics.rum.measured.report(),
  };
}

function boundsOf({ entries, bytes, limitBytes }: Report['memory']): Report['memory'] {
  return { entries, bytes, limitBytes };
}
