/**
 * A span as OpenTelemetry has it: a piece of work for a request, with its place in a trace.
 */

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

export interface Span extends SpanContext {
  /** Whose work it is a part of; `null` for the first one of a trace. */
  readonly parentSpanId: string | null;
  /** `tracestate`. */
  readonly traceState: string | null;
  /** The trace was marked as sampled when it began. */
  readonly sampled: boolean;
  readonly kind: 'internal' | 'server' | 'client';
  readonly name: string;
  /** Milliseconds since the epoch, with fraction. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Spans of other requests that this one has to do with. */
  readonly links: readonly SpanContext[];
  readonly isError: boolean;
}
