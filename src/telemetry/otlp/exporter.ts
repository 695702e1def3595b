/**
 * Pushes what a node has noted to a collector: spans from a bounded queue, batch by batch, one at a time; metrics every so
 * often, as they are then. Nobody ever waits for it, and what it cannot get rid of it drops, and counts.
 */
import type { Clock } from '../../clock.ts';
import type { Snapshot } from '../metrics/snapshot.ts';
import type { Span } from '../tracing/span.ts';
import type { Collector, Signal, Told } from './collector.ts';
import { metricsMessage } from './metrics.ts';
import { tracesMessage } from './traces.ts';
import type { Resource, Scope } from './values.ts';

export interface ExporterOptions {
  readonly collector: Collector;
  readonly clock: Clock;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
  readonly info: (message: string, fields: Record<string, unknown>) => void;
  readonly counts: ExportCounts;
  readonly resource: Resource;
  readonly scope: Scope;
  /** Spans that wait. */
  readonly queueSpans: number;
  /** Between two pushes of the metrics; 0: none. */
  readonly metricsMs: number;
  readonly read: () => Snapshot;
  readonly startedMs: number;
}

/** Why something was not delivered: the queue was full, the collector refused it or could not be reached, the node has stopped. */
export type Loss = 'queue' | 'refused' | 'unreachable' | 'stopped';

/** Since the node was started: spans, and pushes of metrics. */
export interface ExportCounts {
  readonly sent: Record<Signal, number>;
  readonly dropped: Record<Signal, Record<Loss, number>>;
}

export function noExports(): ExportCounts {
  const none = () => ({ queue: 0, refused: 0, unreachable: 0, stopped: 0 });
  return { sent: { traces: 0, metrics: 0 }, dropped: { traces: none(), metrics: none() } };
}

export interface Exporter {
  /** Never fails and never waits. */
  add(spans: readonly Span[]): void;
  /** Sends what there is, for so long, and then no more. */
  close(withinMs: number): Promise<void>;
}

/** In one message. */
const batchSpans = 512;
/** Spans wait for others for so long. */
const gatherMs = 1_000;
/** Of one message. */
const mostTries = 6;
const firstWaitMs = 1_000;
const longestWaitMs = 60_000;
/** What a collector may ask for. */
const longestAskedMs = 600_000;

export function openExporter(options: ExporterOptions): Exporter {
  const { collector, clock, counts, resource, scope, queueSpans, metricsMs } = options;
  const stopper = new AbortController();
  const queue: Span[] = [];
  let sending: Promise<void> | null = null;
  let cancelTimer = () => {};
  let isGathering = false;
  let isClosing = false;
  /** Ends the wait for the next try at once. */
  let wake = () => {};
  let trouble: string | null = null;

  function note(told: Told): void {
    const why = told.as === 'taken' ? null : told.why;
    if (why !== null && trouble === null) options.warn('the collector does not take telemetry', { why });
    if (why === null && trouble !== null) options.info('the collector takes telemetry again', {});
    trouble = why;
    if (told.as === 'taken' && told.refused > 0)
      options.warn('the collector has refused some of the telemetry', {
        refused: told.refused,
        why: told.why,
      });
  }

  function pause(tries: number, afterMs: number | null): Promise<void> {
    const ownMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (tries - 1));
    const waitMs = afterMs === null ? ownMs : Math.min(afterMs, longestAskedMs);
    return new Promise((resolve) => {
      const cancel = clock.after(waitMs, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async function sendSpans(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, batchSpans);
      const told = await deliver(tracesMessage(batch, resource, scope));
      const lost = told.as === 'taken' ? Math.min(told.refused, batch.length) : batch.length;
      counts.sent.traces += batch.length - lost;
      if (lost > 0) counts.dropped.traces[lossOf(told)] += lost;
    }
  }

  /** Tries until it is taken, refused, or not worth trying any more. A node that stops tries once. */
  async function deliver(message: object): Promise<Told> {
    for (let tries = 1; ; tries++) {
      const told = await collector.tell('traces', message, stopper.signal);
      note(told);
      if (told.as !== 'later' || tries >= mostTries || stopper.signal.aborted || isClosing) return told;
      await pause(tries, told.afterMs);
    }
  }

  function lossOf(told: Told): Loss {
    if (told.as !== 'later') return 'refused';
    return isClosing ? 'stopped' : 'unreachable';
  }

  function send(): void {
    isGathering = false;
    sending ??= sendSpans().finally(() => {
      sending = null;
    });
  }

  async function pushMetrics(): Promise<void> {
    if (metricsMs === 0) return;
    const period = { startMs: options.startedMs, endMs: clock.now() };
    const told = await collector.tell(
      'metrics',
      metricsMessage(options.read(), period, resource, scope),
      stopper.signal,
    );
    note(told);
    if (told.as === 'taken') counts.sent.metrics++;
    // What comes next holds all of it.
    else counts.dropped.metrics[lossOf(told)]++;
  }

  function schedule(): void {
    if (metricsMs === 0) return;
    cancelTimer = clock.after(metricsMs, () => {
      void pushMetrics().finally(() => {
        if (!isClosing) schedule();
      });
    });
  }

  schedule();
  return {
    add(spans) {
      for (const span of spans) {
        if (isClosing || queue.length >= queueSpans) counts.dropped.traces[isClosing ? 'stopped' : 'queue']++;
        else queue.push(span);
      }
      if (sending !== null || isGathering || isClosing) return;
      if (queue.length >= batchSpans) return send();
      isGathering = true;
      clock.after(gatherMs, send);
    },

    async close(withinMs) {
      if (isClosing) return;
      isClosing = true;
      cancelTimer();
      const late = clock.after(withinMs, () => stopper.abort());
      wake();
      await sending;
      send();
      await Promise.all([sending, pushMetrics()]);
      late();
    },
  };
}
