/** The figures that matter first, over all of the time that is looked at. */
import type { Counts } from '../data/api.ts';
import { histogramOf, hitShare, offload, quantileMs, total } from '../data/counts.ts';
import { type Step, secondsOf } from '../data/steps.ts';
import { bytes, count, milliseconds, percent, rate } from './format.ts';
import { Tile } from './panel.tsx';

export function TrafficTiles({
  counts,
  steps,
  bounds,
  isPop,
}: {
  readonly counts: Counts;
  readonly steps: readonly Step[];
  readonly bounds: readonly number[];
  /** Only these ask an origin, through whomever, for what clients want. */
  readonly isPop: boolean;
}) {
  const seconds = Math.max(1, secondsOf(steps));
  const [requests, sent] = [total(counts, 'requests'), total(counts, 'bytes')];
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => quantileMs(bounds, histogramOf(counts), share));
  const share = (value: number | null) => (value === null ? '–' : percent(value));
  const ms = (value: number | null | undefined) => (value == null ? '–' : milliseconds(value));
  return (
    <dl class="tiles">
      <Tile label="Requests" value={count(requests)} note={`${rate(requests / seconds)} a second`} />
      <Tile label="Sent" value={bytes(sent)} note={`${bytes(sent / seconds)} a second`} />
      <Tile
        label="Hit ratio"
        value={share(hitShare(counts, 'requests'))}
        note={`${share(hitShare(counts, 'bytes'))} of bytes`}
      />
      {isPop && (
        <Tile
          label="Origin offload"
          value={share(offload(counts, 'requests'))}
          note="of requests never reached the origin"
        />
      )}
      <Tile label="Latency, p50" value={ms(p50)} note={`p90 ${ms(p90)} · p99 ${ms(p99)}`} />
      <Tile
        label="Errors"
        value={count(counts.errors)}
        note={requests === 0 ? undefined : `${percent(counts.errors / requests)} of requests`}
      />
    </dl>
  );
}
