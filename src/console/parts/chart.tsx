/**
 * What changed over time: a drawing whose moments the keyboard reaches, too, a legend that shows and hides lines, and the same
 * numbers as a table.
 */
import { useState } from 'preact/hooks';
import { ErrorBoundary, lazy } from 'preact-iso';
import type { ChartProps, Line } from './chart-props.ts';
import { useCursor } from './cursor.tsx';
import { time } from './format.ts';
import { Panel } from './panel.tsx';
import { Table } from './table.tsx';

const Plot = lazy(() => import('./plot.tsx'));

export function Chart(props: ChartProps) {
  const { title, atMs, lines, none, children } = props;
  const [isTable, setTable] = useState(false);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const hasValues = lines.some(({ values }) => values.some((value) => value !== null));
  const toggle = (label: string) =>
    setHidden(
      (before) =>
        new Set(before.has(label) ? [...before].filter((one) => one !== label) : [...before, label]),
    );
  const tools = (
    <button type="button" class="small" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
      <span class="unseen">{title} </span>as table
    </button>
  );
  return (
    <Panel title={title} tools={hasValues ? tools : undefined}>
      {!hasValues ? (
        <p class="none chart-none">{none}</p>
      ) : isTable ? (
        <Values {...props} />
      ) : (
        <>
          <Moment {...props}>
            <ErrorBoundary>
              <Plot {...props} lines={lines.filter(({ label }) => !hidden.has(label))} atMs={atMs} />
            </ErrorBoundary>
          </Moment>
          <Legend {...props} hidden={hidden} toggle={toggle} />
        </>
      )}
      {children}
    </Panel>
  );
}

/** The keyboard moves through time like through any slider, and each moment is read out. */
function Moment({ title, atMs, lines, format, children }: ChartProps) {
  const { at, move } = useCursor();
  const last = atMs.length - 1;
  const now = at ?? last;
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: now - 1,
    ArrowRight: now + 1,
    PageUp: now - 10,
    PageDown: now + 10,
    Home: 0,
    End: last,
  };
  const said = lines.map(({ label, values }) => `${label} ${shown(values[now], format)}`);
  return (
    <div
      class="chart"
      role="slider"
      tabIndex={0}
      aria-label={`${title}: a moment`}
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={now}
      aria-valuetext={`${time(atMs[now] ?? 0)}: ${said.join(', ')}`}
      onKeyDown={(event) => {
        const next = event.key === 'Escape' ? null : steps[event.key];
        if (next === undefined) return;
        event.preventDefault();
        move(next === null ? null : Math.min(last, Math.max(0, next)));
      }}
      onBlur={() => move(null)}
    >
      {children}
    </div>
  );
}

function Legend({
  atMs,
  lines,
  format,
  hidden,
  toggle,
}: ChartProps & { readonly hidden: ReadonlySet<string>; readonly toggle: (label: string) => void }) {
  const { at } = useCursor();
  const now = at ?? latestIn(lines, atMs.length);
  return (
    <div class="legend">
      <span class="legend-time">{time(atMs[now] ?? 0)}</span>
      {lines.map(({ label, colour, values }) => (
        <button
          key={label}
          type="button"
          aria-pressed={!hidden.has(label)}
          title={hidden.has(label) ? `Show ${label}` : `Hide ${label}`}
          onClick={() => toggle(label)}
        >
          <i class="swatch" style={{ background: `var(${colour})` }} />
          {label} <b>{shown(values[now], format)}</b>
        </button>
      ))}
    </div>
  );
}

function latestIn(lines: readonly Line[], length: number): number {
  for (let at = length - 1; at > 0; at--)
    if (lines.some(({ values }) => values[at] !== null && values[at] !== undefined)) return at;
  return length - 1;
}

function Values({ title, atMs, lines, format }: ChartProps) {
  const rows = atMs.map((ms, at) => ({ ms, at })).reverse();
  return (
    <div class="chart-table">
      <Table
        caption={title}
        rows={rows}
        id={({ ms }) => String(ms)}
        none="Nothing yet."
        columns={[
          { title: 'From', cell: ({ ms }) => time(ms) },
          ...lines.map(({ label, values }) => ({
            title: label,
            isNumber: true,
            cell: ({ at }: { at: number }) => shown(values[at], format),
          })),
        ]}
      />
    </div>
  );
}

function shown(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}
