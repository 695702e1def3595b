/** The drawing of a chart, by uPlot; its chunk is loaded with the first one. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { ChartProps, Line } from './chart-props.ts';
import { type Cursor, useCursor } from './cursor.tsx';
import { useWidth } from './use-width.ts';

const height = 200;
/** As wide as the longest number of an axis. */
const axisWidth = 64;

export default function Plot({ atMs, lines, isStacked = false, scale = 'linear', format }: ChartProps) {
  const [place, width] = useWidth<HTMLDivElement>();
  const plot = useRef<uPlot | null>(null);
  const cursor = useCursor();
  const latest = useRef<Cursor>(cursor);
  latest.current = cursor;
  const isMeasured = width > 0;
  const shape = lines.map(({ label, colour }) => `${label} ${colour}`).join('\n');

  useEffect(() => {
    if (place.current === null || !isMeasured) return;
    const drawn = new uPlot(
      optionsFor({ lines, isStacked, scale, format, width, moved: (at) => latest.current.move(at) }),
      dataOf(atMs, lines, isStacked),
      place.current,
    );
    plot.current = drawn;
    const repaint = () => drawn.redraw(false, true);
    const themes = new MutationObserver(repaint);
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const isDark = matchMedia('(prefers-color-scheme: dark)');
    isDark.addEventListener('change', repaint);
    return () => {
      themes.disconnect();
      isDark.removeEventListener('change', repaint);
      drawn.destroy();
      plot.current = null;
    };
  }, [isMeasured, shape, isStacked, scale]);

  useEffect(() => plot.current?.setData(dataOf(atMs, lines, isStacked)), [atMs, lines]);
  useEffect(() => plot.current?.setSize({ width, height }), [width]);
  useEffect(() => showAt(plot.current, cursor.at), [cursor.at]);

  return <div ref={place} class="plot" style={{ height: `${height}px` }} aria-hidden="true" />;
}

/** Where another chart, or the keyboard, is. */
function showAt(plot: uPlot | null, at: number | null): void {
  if (plot === null || (plot.cursor.idx ?? null) === at) return;
  const x = at === null ? undefined : plot.data[0][at];
  plot.setCursor(x === undefined ? { left: -10, top: -10 } : { left: plot.valToPos(x, 'x'), top: 0 }, false);
}

interface Drawing {
  readonly lines: readonly Line[];
  readonly isStacked: boolean;
  readonly scale: NonNullable<ChartProps['scale']>;
  readonly format: (value: number) => string;
  readonly width: number;
  readonly moved: (at: number | null) => void;
}

function optionsFor({ lines, isStacked, scale, format, width, moved }: Drawing): uPlot.Options {
  const [quiet, line] = [() => colourOf('--quiet'), { stroke: () => colourOf('--line'), width: 1 }];
  const axis = { stroke: quiet, grid: line, ticks: { show: false }, font: '12px system-ui, sans-serif' };
  const values = (_: uPlot, splits: number[]) =>
    splits.map((value) => (value === null || value < 0 ? '' : format(value)));
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: scalesOf[scale] },
    axes: [
      { ...axis, values: (drawn, splits) => timesOf(drawn, splits), space: 70, size: 28 },
      { ...axis, values, size: axisWidth, ...ticksOf[scale] },
    ],
    series: [{}, ...lines.map((one) => seriesOf(one, isStacked))],
    // What is between a line and the one below it.
    ...(isStacked
      ? { bands: lines.slice(1).map((_, at) => ({ series: [at + 2, at + 1] as [number, number] })) }
      : {}),
    hooks: {
      setCursor: [({ cursor: { idx } }) => moved(idx ?? null)],
    },
  };
}

const scalesOf: Readonly<Record<Drawing['scale'], uPlot.Scale>> = {
  linear: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] },
  bytes: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] },
  log: { distr: 3, log: 10, range: (_, least, most) => wholePowers(least, most) },
  share: { range: [0, 1] },
};

/** Where an axis has its marks, where that is not left to the library. */
const ticksOf: Readonly<Record<Drawing['scale'], uPlot.Axis>> = {
  linear: {},
  bytes: { incrs: Array.from({ length: 60 }, (_, power) => 2 ** power) },
  log: { splits: (_, __, least, most) => powersBetween(least, most) },
  share: { incrs: [0.25] },
};

/** From one power of ten to another one; uPlot gives `null` where there is nothing to show. */
function wholePowers(least: number | null, most: number | null): [number, number] {
  const low = Math.floor(Math.log10(least ?? 1));
  return [10 ** low, 10 ** Math.max(low + 1, Math.ceil(Math.log10(most ?? 1)))];
}

function powersBetween(least: number, most: number): number[] {
  const [first, last] = [Math.round(Math.log10(least)), Math.round(Math.log10(most))];
  return Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at));
}

function seriesOf({ label, colour, dash }: Line, isStacked: boolean): uPlot.Series {
  return {
    label,
    stroke: () => colourOf(colour),
    width: 1.5,
    points: { show: isAlone, size: 4 },
    ...(dash === undefined ? {} : { dash: [...dash] }),
    ...(isStacked ? { fill: () => `${colourOf(colour)}66` } : {}),
  };
}

/** A step with gaps on both sides would not be seen as a line. */
const isAlone: uPlot.Series.Points.Show = (plot, at, first, last) => {
  const values = plot.data[at] ?? [];
  let known = 0;
  for (let step = first; step <= last && known < 2; step++) if (values[step] != null) known++;
  return known === 1;
};

function dataOf(atMs: readonly number[], lines: readonly Line[], isStacked: boolean): uPlot.AlignedData {
  const below = atMs.map(() => 0);
  const stacked = lines.map(({ values }) =>
    values.map((value, at) => {
      if (value === null || !isStacked) return value;
      below[at] = (below[at] ?? 0) + value;
      return below[at] ?? null;
    }),
  );
  return [atMs.map((ms) => ms / 1000), ...stacked];
}

const dayS = 86_400;
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const exactClock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** In the visitor's zone; as exact as the marks are apart. */
function timesOf(_: uPlot, splits: readonly number[]): string[] {
  const apartS = (splits[1] ?? 0) - (splits[0] ?? 0);
  const format = apartS >= dayS / 2 ? day : apartS < 60 ? exactClock : clock;
  return splits.map((seconds) => format.format(seconds * 1000));
}

function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
