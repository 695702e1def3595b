/**
 * Every metric of a node, as one table: what is collected, its text at `/metrics`, what is pushed by OTLP, and the page of
 * the documentation come from the same row.
 *
 * Names follow OpenTelemetry's conventions where it has one (https://opentelemetry.io/docs/specs/semconv/), with dots;
 * Prometheus' form of a name is made from that and the unit (`names.ts`).
 */
import { predictMetrics } from './predict-table.ts';
import type { MetricRow } from './row.ts';

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
    meaning:
      'Bytes of bodies: as announced by the head; of what is still arriving without a length, once it has come.',
  },
  'meridian.errors': {
    kind: 'counter',
    unit: '{request}',
    labels: ['code'],
    meaning:
      'Requests that ended in an error of the table of errors, a refusal included: `overloaded` for those that were shed.',
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
  'meridian.cache.collapsed': {
    kind: 'counter',
    unit: '{request}',
    labels: ['route'],
    meaning: 'Requests that shared the request to the parent of another one.',
  },
  'meridian.cache.fill.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['route', 'end'],
    meaning:
      'Requests to the parent, from asking to the end of the body, by how they ended: `stored`, `confirmed` (304), `unshared`, `unkept`, `refused` (a wrong digest), `failed`.',
  },
  'meridian.cache.fill.size': {
    kind: 'counter',
    unit: 'By',
    labels: ['route'],
    meaning: 'Bytes of bodies that came for the cache from parents and remotes, as far as they came.',
  },
  ...predictMetrics,
  'meridian.digest.mismatches': {
    kind: 'counter',
    unit: '{body}',
    labels: [],
    meaning: 'Bodies that were refused because they were not what their digest promised.',
  },
  'meridian.disk.errors': {
    kind: 'counter',
    unit: '{error}',
    labels: [],
    meaning: 'Times that the disk cache failed to read or write.',
  },
  'meridian.disk.corrupt': {
    kind: 'counter',
    unit: '{entry}',
    labels: [],
    meaning: 'Stored bodies that were not what they had been when they were written, and were dropped.',
  },
  'meridian.uploads.open': {
    kind: 'gauge',
    unit: '{upload}',
    labels: [],
    meaning:
      'Blobs that arrive at the origin in pieces, such as layers that are pushed, and are not finished.',
  },
  'meridian.uploads.size': {
    kind: 'gauge',
    unit: 'By',
    labels: [],
    meaning: 'What has come of them, on the disk of the origin.',
  },
  'meridian.store.up': {
    kind: 'gauge',
    unit: '',
    labels: ['store', 'engine'],
    meaning: '1 for a store of the origin (`blobs`, `metadata`) that was well when it was last looked at.',
    together: 'lowest',
  },
  'http.client.request.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['server', 'status'],
    meaning:
      'Requests of the origin to remotes, until the head of the answer, by the remotes of the config (`other` for whom they refer to) and the class of the status: `none` for no answer.',
  },
  'meridian.remote.wait': {
    kind: 'histogram',
    unit: 's',
    labels: ['server'],
    meaning: 'What requests waited so that a remote is not asked more often than it may be.',
  },
  'meridian.remote.spared': {
    kind: 'counter',
    unit: '{request}',
    labels: ['server'],
    meaning:
      'Requests that were not sent because a remote wants to be left alone, or their turn would have come too late.',
  },
  'meridian.remote.pauses': {
    kind: 'counter',
    unit: '{pause}',
    labels: ['server'],
    meaning: 'Times that a remote asked this node to be left alone (`Retry-After`).',
  },
  'meridian.remote.paused': {
    kind: 'gauge',
    unit: 's',
    labels: ['server'],
    meaning: 'For how long a remote still wants to be left alone.',
    together: 'highest',
  },
  'meridian.remote.quota': {
    kind: 'gauge',
    unit: '{request}',
    labels: ['server'],
    meaning:
      'Requests that a remote says it still grants (`RateLimit-Remaining`); none for one that does not say.',
    together: 'lowest',
  },
  'meridian.packed.size': {
    kind: 'counter',
    unit: 'By',
    labels: ['direction', 'form'],
    meaning:
      'Bodies that went to other nodes (`sent`) or came from them (`received`) packed for the way: what they are (`plain`), and what went over the wire (`packed`).',
  },
  'meridian.parent.up': {
    kind: 'gauge',
    unit: '',
    labels: ['parent'],
    meaning: '1 for a parent that is asked, 0 for one that is passed over.',
    together: 'lowest',
  },
  'meridian.parent.requests': {
    kind: 'counter',
    unit: '{request}',
    labels: ['parent'],
    meaning: 'Requests to a parent or a sibling, retries and hedges included, checks not.',
  },
  'meridian.parent.failures': {
    kind: 'counter',
    unit: '{request}',
    labels: ['parent'],
    meaning: 'Of these: those that it has failed.',
  },
  'meridian.parent.retries': {
    kind: 'counter',
    unit: '{request}',
    labels: ['parent'],
    meaning: 'Of these: sent to it because another one had failed.',
  },
  'meridian.parent.hedges': {
    kind: 'counter',
    unit: '{request}',
    labels: ['parent'],
    meaning: 'Of these: sent to it because another one took its time.',
  },
  'meridian.parent.ejections': {
    kind: 'counter',
    unit: '{ejection}',
    labels: ['parent'],
    meaning: 'Times that it began to be passed over.',
  },
  'meridian.bus.up': {
    kind: 'gauge',
    unit: '',
    labels: [],
    meaning: '1 while the bus can be reached.',
    together: 'lowest',
  },
  'meridian.bus.lag': {
    kind: 'gauge',
    unit: '{event}',
    labels: [],
    meaning: 'Purges on the bus that this node has not carried out, when it last asked how many there are.',
    together: 'highest',
  },
  'meridian.bus.unproven': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    meaning: 'How long ago the node was up to date with the bus for sure: some seconds while all is well.',
    together: 'highest',
  },
  'meridian.bus.published': {
    kind: 'counter',
    unit: '{event}',
    labels: ['subject', 'result'],
    meaning: 'Events published: `taken` by the bus, or `failed`.',
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
  'meridian.purge.delay': {
    kind: 'histogram',
    unit: 's',
    labels: [],
    meaning:
      'From when a purge was published to when it was carried out here, by the clocks of both nodes. After a time away, that is all of it.',
  },
  'meridian.purges.suspected': {
    kind: 'counter',
    unit: '{time}',
    labels: [],
    meaning: 'Times that all that is kept came under suspicion, for whatever reason.',
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
  'meridian.ring.member.requests': {
    kind: 'counter',
    unit: '{request}',
    labels: ['member'],
    meaning: 'Requests handed to this member of the ring, and answered.',
  },
  'meridian.ring.member.size': {
    kind: 'counter',
    unit: 'By',
    labels: ['member'],
    meaning: 'Bytes of the bodies of its answers, as announced.',
  },
  'meridian.ring.failures': {
    kind: 'counter',
    unit: '{request}',
    labels: [],
    meaning: 'Requests for which a member of the ring could not be asked.',
  },
  'meridian.access_log.dropped': {
    kind: 'counter',
    unit: '{line}',
    labels: [],
    meaning: 'Lines of the access log that were lost because they came faster than they could be written.',
  },
  'meridian.traces.kept': {
    kind: 'counter',
    unit: '{request}',
    labels: ['reason'],
    meaning:
      'Requests whose spans are kept for the collector: `failed`, `slow`, `sampled` (marked by who asked, or by chance), `told` (another node keeps the trace).',
  },
  'meridian.traces.dropped': {
    kind: 'counter',
    unit: '{request}',
    labels: [],
    meaning: 'Failed and slow requests beyond `telemetry.traces.keptPerS`, whose spans are not kept.',
  },
  'meridian.otlp.sent': {
    kind: 'counter',
    unit: '{item}',
    labels: ['signal'],
    meaning: 'What the collector has taken: spans (`traces`), and pushes of all `metrics`.',
  },
  'meridian.otlp.dropped': {
    kind: 'counter',
    unit: '{item}',
    labels: ['signal', 'reason'],
    meaning:
      'What it has not: the `queue` was full, it was `refused`, the collector was `unreachable` for too long, the node has `stopped`.',
  },
  'meridian.rum.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['pop', 'kind'],
    meaning:
      'Real timings that pages and commands have told this node, by the PoP that served them: `dns`, `connect`, `tls`, `ttfb`, `download`, `lcp`.',
  },
  'meridian.rum.beacons': {
    kind: 'counter',
    unit: '{beacon}',
    labels: ['outcome'],
    meaning:
      'Beacons with such timings: `taken` in, `refused` for what they hold, `limited` by their rate, `unwanted` by readers who are not to be tracked.',
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
