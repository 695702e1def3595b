/**
 * Spans as an OTLP message (`ExportTraceServiceRequest`,
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.5.0/opentelemetry/proto/trace/v1/trace.proto).
 */
import type { Span } from '../tracing/span.ts';
import { keyValues, type Resource, type Scope, unixNano } from './values.ts';

const kinds = { internal: 1, server: 2, client: 3 } as const;

export function tracesMessage(spans: readonly Span[], resource: Resource, scope: Scope): object {
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(spanOf) }] }] };
}

function spanOf(span: Span): object {
  const { traceId, spanId, parentSpanId, traceState, sampled, kind, name, startMs, endMs } = span;
  const { attributes, links, isError } = span;
  return {
    traceId,
    spanId,
    ...(traceState !== null && { traceState }),
    ...(parentSpanId !== null && { parentSpanId }),
    flags: sampled ? 1 : 0,
    name,
    kind: kinds[kind],
    startTimeUnixNano: unixNano(startMs),
    endTimeUnixNano: unixNano(endMs),
    attributes: keyValues(attributes),
    ...(links.length > 0 && { links: links.map((link) => ({ ...link })) }),
    ...(isError && { status: { code: 2 } }),
  };
}
