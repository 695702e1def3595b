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
  const { traceId, spanId, parentSpanId, traceState, kind, name, startMs, endMs } = span;
  const { attributes, links, isError } = span;
  return {
    traceId,
    spanId,
    ...(traceState !== null && { traceState }),
    ...(parentSpanId !== null && { parentSpanId }),
    flags: flagsOf(span),
    name,
    kind: kinds[kind],
    startTimeUnixNano: unixNano(startMs),
    endTimeUnixNano: unixNano(endMs),
    attributes: keyValues(attributes),
    ...(links.length > 0 && { links: links.map((link) => ({ ...link })) }),
    ...(isError && { status: { code: 2 } }),
  };
}

/** `SpanFlags`: those of W3C Trace Context, and whether the parent is another process's (which is known of all of them). */
function flagsOf({ sampled, kind, parentSpanId }: Span): number {
  const isRemote = kind === 'server' && parentSpanId !== null;
  return (sampled ? 0x1 : 0) | 0x100 | (isRemote ? 0x200 : 0);
}
