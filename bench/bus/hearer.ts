/**
 * The node that is told, as a process of its own: `bun hearer.ts <settings> <phases>`. Writes `ready` when it has caught up, and for
 * each phase of so many events one line of JSON: how long each took to come, in milliseconds.
 */
import { openBus } from '../../src/bus/open.ts';
import { systemClock } from '../../src/clock.ts';
import { percentile } from '../statistics.ts';

export interface Heard {
  readonly events: number;
  /** Between the first and the last. */
  readonly overMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Comparable between the processes of a machine. */
const now = () => performance.timeOrigin + performance.now();

const [settings = '', phases = ''] = process.argv.slice(2);
const waiting = JSON.parse(phases) as number[];
const log = { warn: (message: string, fields?: object) => console.error(message, fields) };
const bus = await openBus(JSON.parse(settings), { clock: systemClock, log, publisher: 'hearer' });
let latencies: number[] = [];
let firstMs = 0;
/** A bus does not keep its process alive. */
const alive = setInterval(() => undefined, 60_000);

bus.subscribe('bench', 'now', {
  event({ data }) {
    const at = now();
    if (latencies.length === 0) firstMs = at;
    latencies.push(at - Number((data as { at: number }).at));
    if (latencies.length === waiting[0]) tell(at);
  },
  gap: () => console.error('gap'),
  caughtUp: () => console.log('ready'),
});

function tell(at: number): void {
  const sorted = Float64Array.from(latencies).sort();
  const [p50Ms, p99Ms] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
  console.log(
    JSON.stringify({ events: latencies.length, overMs: at - firstMs, p50Ms, p99Ms } satisfies Heard),
  );
  waiting.shift();
  latencies = [];
  if (waiting.length > 0) return;
  clearInterval(alive);
  void bus.close();
}
