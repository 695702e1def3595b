/**
 * Where every node says every ten seconds what it has counted, and origins read it: a view of the bus, with one value for
 * each process. Times are those of whoever reads.
 */
import type { Bus } from '../../bus.ts';
import type { Clock } from '../../clock.ts';
import { type Counts, type Report, report } from '../../messages/report.ts';
import { difference, noCounts } from './report.ts';

const viewName = 'reports';
const everyMs = 10_000;
/** Three reports missing: it is gone, or cut off. */
const silentMs = 3.5 * everyMs;
/** For so long, a process that is silent is told of. One that has ended properly is forgotten at once. */
const rememberedMs = 3_600_000;
/** Processes that are listened to. */
const mostReporters = 10_000;

export interface Reporter {
  close(): Promise<void>;
}

/** @param read what there is to say now. */
export function openReporter(bus: Bus, clock: Clock, read: () => Report): Reporter {
  const view = bus.view(viewName);
  let cancel = () => {};
  let key: string | null = null;

  function say(): void {
    cancel = clock.after(everyMs, say);
    const own = read();
    key = own.worker === 0 ? own.node : `${own.node}.${own.worker}`;
    // Cut off from the bus, there is nobody to tell: the next report says it all.
    view.put(key, own).catch(() => undefined);
  }

  say();
  return {
    async close() {
      cancel();
      // Nobody waits for it from now on; where the bus cannot be reached, they find out by themselves.
      if (key !== null) await view.delete(key).catch(() => undefined);
    },
  };
}

export interface Heard {
  readonly report: Report;
  /** By the reader's clock, ms since the epoch. */
  readonly atMs: number;
  /** What it counted between its last two reports, and how far apart they came; `null` until there are two of one life. */
  readonly recent: { readonly ms: number; readonly counts: Counts } | null;
}

export interface Reports {
  /** Also of those that have been silent for a while. */
  readonly known: readonly (Heard & { readonly silent: boolean })[];
  /** What each process said last, by its name; of those that were heard of lately. */
  readonly live: ReadonlyMap<string, Heard>;
  close(): void;
}

/** @param counted told of what a process has counted since it was last heard of. */
export function readReports(
  bus: Bus,
  clock: Clock,
  counted: (report: Report, since: Counts, atMs: number) => void,
): Reports {
  const heard = new Map<string, Heard & { readonly revision: number }>();
  let isListening = false;
  const watching = bus.view(viewName).watch({
    changed({ key, value, revision }) {
      const before = heard.get(key);
      if (before?.revision === revision) return;
      const { data } = report.safeParse(value);
      if (data === undefined) {
        heard.delete(key);
        return;
      }
      if (before === undefined && heard.size >= mostReporters) return;
      const atMs = clock.now();
      const isSameLife = before?.report.startedMs === data.startedMs;
      const since = difference(data.counts, isSameLife ? before.report.counts : noCounts);
      const recent = isSameLife && atMs > before.atMs ? { ms: atMs - before.atMs, counts: since } : null;
      heard.set(key, { report: data, atMs, recent, revision });
      // What was written before anybody listened is from nobody knows when.
      if (before === undefined && !isListening) return;
      counted(data, since, atMs);
    },
    caughtUp() {
      isListening = true;
    },
  });
  return {
    get known() {
      const [nowMs, all] = [clock.now(), [...heard.values()]];
      return all
        .filter(({ atMs }) => nowMs - atMs < rememberedMs)
        .map(({ report, atMs, recent }) => ({ report, atMs, recent, silent: nowMs - atMs > silentMs }));
    },
    get live() {
      const oldestMs = clock.now() - silentMs;
      return new Map([...heard].filter(([, { atMs }]) => atMs >= oldestMs));
    },
    close: () => watching.close(),
  };
}
