/** The parameters of traces and of OTLP, a part of the table in `schema.ts`. */
import { z } from 'zod';
import * as forms from './forms.ts';
import { count, group, list, milliseconds, rows, seconds, text, url } from './kinds.ts';

const headerName = text(
  'Name of a field.',
  { expected: "the name of a field in lower case, such as 'authorization'" },
  (value) => (/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(value) ? value : undefined),
);

export const otlpGroup = group(
  'Pushes traces and metrics to a collector by OTLP over HTTP (JSON, gzip). `false`: never.',
  {
    endpoint: url(
      'Where the collector is. `/v1/traces` and `/v1/metrics` are appended.',
      '`OTEL_EXPORTER_OTLP_ENDPOINT`, else `http://localhost:4318`',
    ).optional(),
    headers: z
      .record(
        headerName,
        text('Value of a field.', { expected: "the value of a field, such as 'Bearer …'" }, forms.fieldValue),
      )
      .register(rows, {
        means: 'Fields of each request to it, by name; before those of `OTEL_EXPORTER_OTLP_HEADERS`.',
        expected: "an object such as { 'authorization': env('COLLECTOR_TOKEN') }",
        type: 'map',
      })
      .prefault({}),
    metricsEveryS: seconds(
      'Between two pushes of the metrics. 0: none; Prometheus can read them at `admin`.',
      {
        atMost: 86_400,
      },
    ).prefault('60s'),
    timeoutMs: milliseconds('For the collector’s answer.', { atLeast: 10 }).prefault('10s'),
    queueSpans: count(
      'Spans that wait to be sent. Beyond it they are dropped, and counted.',
      1,
      1_000_000,
    ).prefault(8192),
  },
);

const otlp = z.union([z.literal(false), otlpGroup]).register(rows, {
  means:
    'Pushes traces and metrics to a collector by OTLP over HTTP (JSON, gzip). `false`, or `OTEL_SDK_DISABLED=true`: never.',
  expected: "false, or an object such as { endpoint: 'http://collector:4318' }",
  type: 'choice',
  otherwise: '`{}` where `OTEL_EXPORTER_OTLP_ENDPOINT` is set, else `false`',
});

/** More than this, by what a request was answered from. */
const bound = (what: string, standard: number) =>
  milliseconds(`Of a request that ${what}.`, { atLeast: 1 }).prefault(standard);

const slowMs = group(
  'From which duration on, until the head of the answer, a request is slow, so that its trace is kept.',
  {
    memory: bound('memory has answered', 50),
    disk: bound('the disk has answered', 200),
    stale: bound('was answered with something stale', 200),
    sibling: bound('a sibling has answered', 500),
    shield: bound('a shield had the answer to', 500),
    origin: bound('an origin had the answer to', 1000),
    remote: bound('no cache could answer', 3000),
    node: bound('the node has answered itself', 1000),
  },
);

const traces = group(
  'Which traces are kept, where there is a collector: those of requests that failed or were slow, and some others.',
  {
    slowMs: slowMs.prefault({}),
    oneIn: count(
      'One of so many requests that memory cannot answer is kept, whatever it comes to. 0: none.',
      0,
      1_000_000_000,
    ).prefault(1000),
    clientsPerMinute: count(
      'Requests that clients mark as sampled (`traceparent`) are kept, so many in a minute at each worker; the mark of others is taken away. 0: no client’s mark counts.',
      0,
      1_000_000,
    ).prefault(60),
    keptPerS: count(
      'Failed and slow requests that are kept in a second at each worker. Others are counted.',
      1,
      1_000_000,
    ).prefault(50),
    heldS: seconds(
      'What is not kept here is held for so long, should another node want it, whose request was slow.',
      { atLeast: 1, atMost: 600 },
    ).prefault('10s'),
    remotes: list(
      'Hosts of remotes that are told of the trace (`traceparent`). `*.example.com` stands for every name below `example.com`.',
      text(
        'Host.',
        { expected: "a host name such as 'npm.example.com' or '*.example.com'" },
        forms.hostPattern,
      ),
      'none',
    ).prefault([]),
  },
);

export const telemetry = group('Traces and metrics for a collector; `/metrics` needs none of it.', {
  otlp: otlp.optional(),
  traces: traces.prefault({}),
});

export const nodeTelemetry = group('In place of the network’s `telemetry`, as far as it is said.', {
  otlp: otlp.optional(),
  traces: traces.optional(),
});

export type ParsedTelemetry = z.output<typeof telemetry>;
export type ParsedNodeTelemetry = z.output<typeof nodeTelemetry>;
