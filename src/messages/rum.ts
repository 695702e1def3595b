/** What a PoP tells the origins of real timings (`telemetry/rum/`). */
import { z } from 'zod';

/** ms: for a name's address, a connection, its TLS, the first byte since the request, the rest; a page's largest paint. */
export const timingKinds = ['dns', 'connect', 'tls', 'ttfb', 'download', 'lcp'] as const;
export type TimingKind = (typeof timingKinds)[number];

/** Networks that a report names: those that tell most. */
export const reportedNetworks = 100;
/** More than any histogram of timings has. */
const mostBuckets = 256;

const buckets = z.partialRecord(z.enum(timingKinds), z.array(z.number()).max(mostBuckets));

export const rumReport = z.object({
  pops: z.record(z.string(), z.object({ buckets, bytes: z.number(), downloadS: z.number() })),
  networks: z
    .array(z.object({ network: z.string(), pop: z.string(), weight: z.number(), buckets }))
    .max(reportedNetworks),
});
export type RumReport = Readonly<z.output<typeof rumReport>>;
