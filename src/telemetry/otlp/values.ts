/**
 * OTLP in its JSON encoding (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): 64-bit integers as text,
 * identifiers in hexadecimal, enumerations as numbers.
 */
import type { Attributes } from '../tracing/span.ts';

export interface KeyValue {
  readonly key: string;
  readonly value:
    | { readonly stringValue: string }
    | { readonly boolValue: boolean }
    | { readonly intValue: string }
    | { readonly doubleValue: number };
}

export function keyValues(attributes: Attributes): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Attributes[string]): KeyValue['value'] {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** Of milliseconds since the epoch, to the microsecond, which is all that a number holds. */
export function unixNano(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}

/** Who tells. */
export interface Resource {
  readonly attributes: readonly KeyValue[];
}

export interface Scope {
  readonly name: string;
  readonly version: string;
}
