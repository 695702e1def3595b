/**
 * What a node counts. Whoever records often keeps the series and adds to its fields: no look-up, no allocation. What is
 * known elsewhere already (sizes, states) is asked for when somebody wants to know (`observe`).
 */
import { bucketBounds, bucketOf } from './buckets.ts';
import type { Exemplar, HistogramSample, Sample, Snapshot } from './snapshot.ts';
import { type CounterName, type HistogramName, type LabelValues, type MetricName, metrics } from './table.ts';

export interface Counter {
  value: number;
}

/** Values in the metric's unit. */
export class Histogram {
  readonly counts = new Float64Array(bucketBounds.length + 1);
  sum = 0;
  private readonly exemplars: (Exemplar | null)[] = Array.from(
    { length: bucketBounds.length + 1 },
    () => null,
  );

  record(value: number): void {
    const bucket = bucketOf(value);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }

  /** An example of what was recorded: the newest of each bucket is kept. */
  exemplify(exemplar: Exemplar): void {
    this.exemplars[bucketOf(exemplar.value)] = exemplar;
  }

  sample(): HistogramSample {
    return { counts: [...this.counts], sum: this.sum, exemplars: [...this.exemplars] };
  }
}

export interface Observation<Name extends MetricName> {
  readonly labels: LabelValues<Name>;
  readonly value: number;
}

export interface Registry {
  counter<Name extends CounterName>(name: Name, ...labels: LabelValues<Name>): Counter;
  histogram<Name extends HistogramName>(name: Name, ...labels: LabelValues<Name>): Histogram;
  /** Asked each time that the metrics are read; in place of what was given for the same name before. */
  observe<Name extends MetricName>(name: Name, read: () => readonly Observation<Name>[]): void;
  read(): Snapshot;
}

/** Of one metric. Labels come from the config and from tables, so only a mistake gets here; all others then share one series. */
const mostSeries = 5000;
const beyond = 'other';

interface Series<Value> {
  readonly labels: readonly string[];
  readonly value: Value;
}

/** The series of one metric, by the values of its labels. */
class Family<Value> {
  private readonly series = new Map<string, Series<Value>>();
  private readonly make: () => Value;

  constructor(make: () => Value) {
    this.make = make;
  }

  of(labels: readonly string[]): Value {
    const key = labels.join('\0');
    const known = this.series.get(key);
    if (known) return known.value;
    if (this.series.size >= mostSeries && labels[0] !== beyond) return this.of(labels.map(() => beyond));
    const value = this.make();
    this.series.set(key, { labels, value });
    return value;
  }

  all(): Iterable<Series<Value>> {
    return this.series.values();
  }
}

export function registry(): Registry {
  const counters = new Map<MetricName, Family<Counter>>();
  const histograms = new Map<MetricName, Family<Histogram>>();
  const observed = new Map<MetricName, () => readonly Observation<MetricName>[]>();

  function* samplesOf(name: MetricName): Generator<Sample> {
    for (const { labels, value } of counters.get(name)?.all() ?? []) yield { labels, value: value.value };
    for (const { labels, value } of histograms.get(name)?.all() ?? [])
      yield { labels, value: value.sample() };
    for (const { labels, value } of observed.get(name)?.() ?? []) yield { labels, value };
  }

  return {
    counter(name, ...labels) {
      const family = counters.get(name) ?? new Family<Counter>(() => ({ value: 0 }));
      counters.set(name, family);
      return family.of(labels);
    },
    histogram(name, ...labels) {
      const family = histograms.get(name) ?? new Family(() => new Histogram());
      histograms.set(name, family);
      return family.of(labels);
    },
    observe(name, read) {
      observed.set(name, read);
    },
    read() {
      const names = Object.keys(metrics) as MetricName[];
      return Object.fromEntries(
        names.map((name) => [name, [...samplesOf(name)]]).filter(([, samples]) => samples?.length !== 0),
      );
    },
  };
}
