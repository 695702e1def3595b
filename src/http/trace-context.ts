/**
 * `traceparent` (W3C Trace Context, level 2: https://www.w3.org/TR/trace-context-2/): which trace a request belongs to, and which
 * span asked for it.
 *
 * Without a valid one `tracestate` means nothing and is dropped; with one it goes on as it came.
 */

export interface TraceContext {
  /** 32 hexadecimal digits in lower case, not all zero. */
  readonly traceId: string;
  /** Of whoever sends the request: 16 hexadecimal digits in lower case, not all zero. */
  readonly spanId: string;
  /** The sender may have recorded it. */
  readonly sampled: boolean;
  /** The last seven bytes of the trace's identifier are random (level 2). */
  readonly random: boolean;
}

/** Gives that many random bytes. */
export type RandomBytes = (count: number) => Uint8Array;

/** Strict. Of a version from the future the known part counts; `undefined` for anything else. */
export function parseTraceparent(value: string | null): TraceContext | undefined {
  const match =
    value === null ? null : /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(value);
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', future] = match;
  if (version === 'ff' || (version === '00' && future !== undefined)) return undefined;
  if (allZero.test(traceId) || allZero.test(spanId)) return undefined;
  const bits = Number.parseInt(flags, 16);
  return { traceId, spanId, sampled: (bits & 1) === 1, random: (bits & 2) === 2 };
}

const lastOfFlags = 54;
const nine = 0x39;

/** Whether the sender may have marked it as sampled, at a glance; `parseTraceparent` tells. */
export function mayBeSampled(value: string | null): boolean {
  if (value === null) return false;
  const digit = value.charCodeAt(lastOfFlags);
  return (digit & 1) === 1 || digit > nine;
}

/** In version 00. Flags that this version does not know are not passed on, as it demands. */
export function formatTraceparent({ traceId, spanId, sampled, random }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${(sampled ? 1 : 0) + (random ? 2 : 0)}`;
}

/** The same trace, as this node's own requests carry it. */
export function childOf(parent: TraceContext, random: RandomBytes): TraceContext {
  return { ...parent, spanId: newSpanId(random) };
}

export function newSpanId(random: RandomBytes): string {
  return identifier(random(8));
}

export function newTrace(random: RandomBytes, sampled = false): TraceContext {
  return { traceId: identifier(random(16)), spanId: newSpanId(random), sampled, random: true };
}

const allZero = /^0+$/;

/** All zero is no identifier, however unlikely it is to be drawn. */
function identifier(bytes: Uint8Array): string {
  const hex = bytes.toHex();
  return allZero.test(hex) ? `${hex.slice(1)}1` : hex;
}
