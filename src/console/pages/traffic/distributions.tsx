/**
 * How long answers took, by what they came from, on one logarithmic scale, beside the times of the design's chart: a ridge for
 * each layer, each as high as its own most frequent time.
 */
import { useState } from 'preact/hooks';
import type { Counts } from '../../data/api.ts';
import { histogramOf, quantileMs, shareWithin } from '../../data/counts.ts';
import { designMarks, layersOf } from '../../data/layers.ts';
import { count, milliseconds, percent } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { useWidth } from '../../parts/use-width.ts';
import { type LayerTimes, Marks, Ridge } from './ridge.tsx';
import { scaleFor } from './scale.ts';

export function Distributions({
  counts,
  bounds,
}: {
  readonly counts: Counts;
  readonly bounds: readonly number[];
}) {
  const [isTable, setTable] = useState(false);
  const all = timesOf(counts, bounds);
  return (
    <Panel
      title="Latency by layer"
      wide
      tools={
        <button type="button" class="small" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          <span class="unseen">Latency by layer </span>as table
        </button>
      }
    >
      <p class="note">
        Time to the head of the answer. The dotted marks are the design’s: 5 ms from a PoP’s cache, 20 ms from
        a shield, 85 ms from the origin, 250 ms from an upstream.
      </p>
      {all.length === 0 ? (
        <p class="none">No request was answered in this time.</p>
      ) : isTable ? (
        <TimesTable all={all} />
      ) : (
        <Ridges all={all} bounds={bounds} />
      )}
    </Panel>
  );
}

function timesOf(counts: Counts, bounds: readonly number[]): readonly LayerTimes[] {
  return layersOf(Object.keys(counts.layers)).flatMap((layer) => {
    const buckets = histogramOf(counts, layer.name);
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => quantileMs(bounds, buckets, share));
    if (p50 == null || p90 == null || p99 == null) return [];
    const requests = buckets.reduce((sum, each) => sum + each, 0);
    const within = layer.markMs === null ? null : shareWithin(bounds, buckets, layer.markMs);
    return [{ layer, buckets, requests, p50, p90, p99, within }];
  });
}

function Ridges({
  all,
  bounds,
}: {
  readonly all: readonly LayerTimes[];
  readonly bounds: readonly number[];
}) {
  const [place, width] = useWidth<HTMLDivElement>();
  const histograms = all.map(({ buckets }) => buckets);
  const scale = scaleFor(bounds, histograms, width);
  return (
    <div class="ridges">
      <div class="ridge-marks" ref={place}>
        {width > 0 && <Marks scale={scale} />}
      </div>
      <ul>
        {all.map((times) => (
          <li key={times.layer.name}>
            <RidgeLabel times={times} />
            {width > 0 && <Ridge times={times} bounds={bounds} scale={scale} />}
          </li>
        ))}
      </ul>
    </div>
  );
}

function RidgeLabel({ times: { layer, requests, p50, p99, within } }: { readonly times: LayerTimes }) {
  return (
    <div class="ridge-label">
      <b>
        <i class="swatch" style={{ background: `var(${layer.colour})` }} />
        {layer.label}
      </b>
      <span>{count(requests)} requests</span>
      <span>
        p50 {milliseconds(p50)} · p99 {milliseconds(p99)}
      </span>
      {within !== null && (
        <span>
          {percent(within)} within {layer.markMs} ms
        </span>
      )}
    </div>
  );
}

function TimesTable({ all }: { readonly all: readonly LayerTimes[] }) {
  return (
    <Table
      caption="Latency by layer"
      rows={all}
      id={({ layer }) => layer.name}
      none=""
      columns={[
        { title: 'Answered from', cell: ({ layer }) => layer.label },
        { title: 'Requests', isNumber: true, cell: ({ requests }) => count(requests) },
        { title: 'p50', isNumber: true, cell: ({ p50 }) => milliseconds(p50) },
        { title: 'p90', isNumber: true, cell: ({ p90 }) => milliseconds(p90) },
        { title: 'p99', isNumber: true, cell: ({ p99 }) => milliseconds(p99) },
        { title: 'Design', isNumber: true, cell: ({ layer: { markMs } }) => markText(markMs) },
        {
          title: 'Within it',
          isNumber: true,
          cell: ({ within }) => (within === null ? '–' : percent(within)),
        },
      ]}
    />
  );
}

function markText(markMs: number | null): string {
  const mark = designMarks.find(({ ms }) => ms === markMs);
  return mark === undefined ? '–' : `${mark.ms} ms (${mark.label})`;
}
