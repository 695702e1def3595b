/**
 * Every metric of a node, as one table: what is collected, its text at `/metrics`, what is pushed by OTLP, and the page of
 * the documentation come from the same row.
 *
 * Names follow OpenTelemetry's conventions where it has one (https://opentelemetry.io/docs/specs/semconv/), with dots;
 * Prometheus' form of a name is made from that and the unit (`names.ts`).
 */

export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** UCUM, as OpenTelemetry has it: `s`, `By`, `1` for a ratio; `{request}` for a count of something. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly meaning: string;
  /** What several workers of a node come to, where that is not the sum. */
  readonly together?: 'highest' | 'lowest';
}

export const metrics = {
  'http.server.request.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['route', 'layer'],
    meaning: 'From a request’s arrival to the head of its answer, by what it was answered from.',
  },
  'http.server.active_requests': {
    kind: 'gauge',
    unit: '{request}',
    labels: [],
    meaning: 'Requests whose answer is not known yet.',
  },
  'meridian.requests': {
    kind: 'counter',
    unit: '{request}',
    labels: ['route', 'outcome', 'status'],
    meaning: 'Requests answered, by how their look-up ended and the status code.',
  },
  'meridian.response.size': {
    kind: 'counter',
    unit: 'By',
    labels: ['route', 'layer'],
    meaning: 'Bytes of bodies as announced by the head; those of unknown length do not count.',
  },
  'meridian.errors': {
    kind: 'counter',
    unit: '{request}',
    labels: [],
    meaning: 'Requests that ended in an error of the table of errors, a refusal included.',
  },
  'meridian.cache.entries': {
    kind: 'gauge',
    unit: '{entry}',
    labels: ['tier'],
    meaning: 'Stored responses.',
  },
  'meridian.cache.size': {
    kind: 'gauge',
    unit: 'By',
    labels: ['tier'],
    meaning: 'What the stored responses take.',
  },
  'meridian.cache.limit': {
    kind: 'gauge',
    unit: 'By',
    labels: ['tier'],
    meaning: 'What they may take.',
  },
  'meridian.cache.evictions': {
    kind: 'counter',
    unit: '{entry}',
    labels: ['tier', 'cause'],
    meaning:
      'Stored responses that went: for want of `space`, `replaced` by a newer one, `purged`, `withdrawn` by the parent, one of too many `variants`, `unused` for as long as its route keeps anything, `corrupt` or `lost` on disk.',
  },
  'meridian.cache.fills': {
    kind: 'gauge',
    unit: '{request}',
    labels: [],
    meaning: 'Requests to the parent under way that others may wait for.',
  },
  'meridian.parent.up': {
    kind: 'gauge',
    unit: '',
    labels: ['parent'],
    meaning: '1 for a parent that is asked, 0 for one that is passed over.',
    together: 'lowest',
  },
  'meridian.bus.up': {
    kind: 'gauge',
    unit: '',
    labels: [],
    meaning: '1 while the bus can be reached.',
    together: 'lowest',
  },
  'meridian.purges.applied': {
    kind: 'counter',
    unit: '{purge}',
    labels: [],
    meaning: 'Purges of the bus that were carried out.',
  },
  'meridian.purges.gaps': {
    kind: 'counter',
    unit: '{gap}',
    labels: [],
    meaning:
      'Times that purges of the bus were missed for good, after which all that is kept is confirmed first.',
  },
  'meridian.ring.share': {
    kind: 'gauge',
    unit: '1',
    labels: ['member'],
    meaning: 'Share of all keys that a member of the ring keeps.',
    together: 'highest',
  },
  'meridian.ring.hops': {
    kind: 'counter',
    unit: '{request}',
    labels: ['way'],
    meaning: 'Requests handed to the member that keeps their key, by way (`frames`, `http`).',
  },
  'meridian.access_log.dropped': {
    kind: 'counter',
    unit: '{line}',
    labels: [],
    meaning: 'Lines of the access log that were lost because they came faster than they could be written.',
  },
  'process.memory.usage': {
    kind: 'gauge',
    unit: 'By',
    labels: [],
    meaning: 'Resident memory of all processes of the node.',
  },
  'process.cpu.time': {
    kind: 'counter',
    unit: 's',
    labels: ['mode'],
    meaning: 'Processor time of all processes of the node, `user` and `system`.',
  },
  'process.uptime': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    meaning: 'Since the node was started.',
    together: 'highest',
  },
  'meridian.event_loop.delay': {
    kind: 'histogram',
    unit: 's',
    labels: [],
    meaning: 'How much later than due a timer of the node was called.',
  },
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof metrics;

type OfKind<Kind extends MetricRow['kind']> = {
  [Name in MetricName]: (typeof metrics)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

export type CounterName = OfKind<'counter'>;
export type HistogramName = OfKind<'histogram'>;

/** A value for each label of the metric, in the table's order. */
export type LabelValues<Name extends MetricName> = TextFor<(typeof metrics)[Name]['labels']>;
type TextFor<Labels extends readonly string[]> = { readonly [At in keyof Labels]: string };

export function rowOf(name: MetricName): MetricRow {
  return metrics[name];
}
