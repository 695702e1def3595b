/** One layer's times as a ridge, and the marks above all of them. */
import { designMarks, type Layer } from '../../data/layers.ts';
import { milliseconds } from '../../parts/format.ts';
import type { Scale } from './scale.ts';

export interface LayerTimes {
  readonly layer: Layer;
  /** Requests by time. */
  readonly buckets: readonly number[];
  readonly requests: number;
  /** ms */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /** Of its requests, 0 to 1, answered within the design's time. */
  readonly within: number | null;
}

const ridgeHeight = 64;
const marksHeight = 52;
/** Narrower than this, there is no room for words. */
const narrow = 480;

export function Marks({ scale }: { readonly scale: Scale }) {
  const isNarrow = scale.width < narrow;
  return (
    <svg width={scale.width} height={marksHeight} aria-hidden="true" class="marks">
      {designMarks.map(({ ms, label }, at) => (
        <text key={ms} x={scale.at(ms)} y={at % 2 === 0 ? 12 : 28} text-anchor="middle" class="mark-label">
          {isNarrow ? ms : `${ms} ms ${label}`}
        </text>
      ))}
      {powersOf(scale, isNarrow ? 2 : 1).map((ms) => (
        <text key={ms} x={scale.at(ms)} y={46} text-anchor={anchorOf(ms, scale)}>
          {milliseconds(ms)}
        </text>
      ))}
    </svg>
  );
}

export function Ridge({
  times: { layer, buckets, p50, p90, p99 },
  bounds,
  scale,
}: {
  readonly times: LayerTimes;
  readonly bounds: readonly number[];
  readonly scale: Scale;
}) {
  const said = `${layer.label}: half within ${milliseconds(p50)}, 90 of 100 within ${milliseconds(p90)}, 99 of 100 within ${milliseconds(p99)}`;
  const colour = `var(${layer.colour})`;
  return (
    <svg width={scale.width} height={ridgeHeight} role="img" aria-label={said} class="ridge">
      {powersOf(scale, 1).map((ms) => (
        <line key={ms} x1={scale.at(ms)} x2={scale.at(ms)} y2={ridgeHeight} class="power" />
      ))}
      <path d={outline(buckets, bounds, scale)} style={{ fill: colour, stroke: colour }} />
      {designMarks.map(({ ms }) => (
        <line
          key={ms}
          x1={scale.at(ms)}
          x2={scale.at(ms)}
          y2={ridgeHeight}
          class={ms === layer.markMs ? 'mark own' : 'mark'}
        />
      ))}
      <Percentile x={scale.at(p50)} name="p50" scale={scale} />
      <Percentile x={scale.at(p99)} name="p99" scale={scale} />
    </svg>
  );
}

function Percentile({
  x,
  name,
  scale,
}: {
  readonly x: number;
  readonly name: string;
  readonly scale: Scale;
}) {
  const isRight = x > scale.width - 40;
  // The two are told apart by height, also where they lie at one time.
  const y = name === 'p50' ? 12 : 26;
  return (
    <g class={`percentile ${name}`}>
      <line x1={x} x2={x} y1={y - 8} y2={ridgeHeight} />
      <text x={isRight ? x - 4 : x + 4} y={y} text-anchor={isRight ? 'end' : 'start'}>
        {name}
      </text>
    </g>
  );
}

/** Through the middle of each bucket, by how dense it is: buckets are not all alike wide. */
function outline(buckets: readonly number[], bounds: readonly number[], scale: Scale): string {
  const edges = buckets.map((count, at) => {
    const left = scale.at(1000 * (bounds[at - 1] ?? 0));
    const right = scale.at(1000 * (bounds[at] ?? Number.POSITIVE_INFINITY));
    return { middle: (left + right) / 2, left, right, density: right > left ? count / (right - left) : 0 };
  });
  const most = Math.max(...edges.map(({ density }) => density));
  const floor = ridgeHeight - 1;
  if (!(most > 0)) return '';
  const seen = edges.filter(({ left, right }) => right > left);
  const points = seen.map(
    ({ middle, density }) => [middle, floor - (density / most) * (floor - 14)] as const,
  );
  const [start, end] = [seen[0]?.left ?? 0, seen.at(-1)?.right ?? scale.width];
  return `M${start},${floor}${smooth([[start, floor], ...points, [end, floor]])}Z`;
}

/** Level at every point, so that nothing is shown that is higher or lower than the numbers. */
function smooth(points: readonly (readonly [number, number])[]): string {
  return points
    .slice(1)
    .map(([x, y], at) => {
      const [px, py] = points[at] ?? [x, y];
      const half = ((px + x) / 2).toFixed(1);
      return `C${half},${py.toFixed(1)} ${half},${y.toFixed(1)} ${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join('');
}

function powersOf({ fromMs, toMs }: Scale, every: number): readonly number[] {
  const count = Math.round(Math.log10(toMs / fromMs));
  const all = Array.from({ length: count + 1 }, (_, power) => fromMs * 10 ** power);
  return all.filter((_, at) => at % every === 0);
}

function anchorOf(ms: number, { fromMs, toMs }: Scale): 'start' | 'middle' | 'end' {
  return ms <= fromMs * 1.01 ? 'start' : ms >= toMs * 0.99 ? 'end' : 'middle';
}
