/**
 * What a page or a command tells a PoP of its own timings: one JSON document, the same from both.
 */
import { z } from 'zod';

/** Longer ones are refused. */
export const mostBeaconBytes = 8192;
const mostTimings = 50;

/** Whatever took longer than ten minutes was no network. */
const ms = z.number().min(0).max(600_000).optional();

const timing = z.strictObject({
  /** Who delivered it: the last name in `Server-Timing`. */
  pop: z.string().min(1).max(63),
  ...{ dns: ms, connect: ms, tls: ms, ttfb: ms, download: ms, lcp: ms },
  /** What came in `download`. */
  bytes: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
});
export type Timing = Readonly<z.output<typeof timing>>;

const beacon = z.strictObject({
  v: z.literal(1),
  from: z.enum(['page', 'cli']),
  timings: z.array(timing).min(1).max(mostTimings),
});
export type Beacon = Readonly<z.output<typeof beacon>>;

/** @returns why not, as a sentence for whoever sent it. */
export function readBeacon(body: Uint8Array): Beacon | string {
  const json = parsedJson(body);
  if (json === undefined) return 'the body is not JSON';
  const parsed = beacon.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `${issue?.path.join('.') || 'the beacon'}: ${issue?.message ?? 'not what this takes'}`;
}

function parsedJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined; // which no JSON is
  }
}
