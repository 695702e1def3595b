/**
 * A stored response as it lies in a key/value store: what is known of it, and its body if that is short. All of it is signed with
 * a key that is made of the network's secret, and the body is bound to that by its SHA-256: what another hand wrote, what was
 * damaged, or what belongs to another name is no record.
 *
 *     signature (32 bytes), length of the JSON (4 bytes, big-endian), JSON, body
 */
import { z } from 'zod';
import type { FieldList } from '../resource.ts';

/** When the response of a record was asked for, in terms of the store's marks (`store.ts`). */
export interface Stamp {
  readonly log: string;
  readonly place: number;
}

const fields = z.array(z.tuple([z.string(), z.string()]));
const count = z.number().int().nonnegative();

/** Seconds and milliseconds since the epoch, as in `Freshness`. */
const freshness = z.object({
  receivedMs: z.number(),
  initialAgeS: z.number(),
  lifetimeS: z.number(),
  staleWhileRevalidateS: z.number(),
  staleIfErrorS: z.number(),
  staleIfDisconnectedS: z.number(),
  immutable: z.boolean(),
  alwaysRevalidate: z.boolean(),
  neverStale: z.boolean(),
});

const schema = z.discriminatedUnion('as', [
  z.object({
    as: z.literal('copy'),
    question: z.string(),
    status: count,
    fields,
    tags: z.array(z.string()),
    freshness,
    etag: z.string().nullable(),
    stamp: z.object({ log: z.string(), place: z.number() }),
    /** How far whoever made it had followed the purges on the bus when he asked; `null`: there was none. */
    followed: z.object({ log: z.string(), sequence: z.number() }).nullable(),
    sizeBytes: count,
    sha256: z.string(),
    /** The name of a body that lies apart; `null`: it follows. */
    apart: z.string().nullable(),
  }),
  /** The answer depends on these fields of the request: it lies under a name that says what they are. */
  z.object({ as: z.literal('varies'), question: z.string(), by: z.array(z.string()) }),
]);

type Parsed = z.infer<typeof schema>;
export type CopyRecord = Omit<Extract<Parsed, { as: 'copy' }>, 'fields'> & { readonly fields: FieldList };
export type KvRecord = CopyRecord | Extract<Parsed, { as: 'varies' }>;

const macBytes = 32;
const headBytes = macBytes + 4;

export interface RecordCodec {
  /** The name under which the answer to a question lies: nothing of the question can be read from it. */
  nameOf(question: string): string;
  encode(record: KvRecord, body: Uint8Array): Uint8Array;
  /** `null`: these bytes are no record of an answer to this question. */
  decode(
    bytes: Uint8Array,
    question: string,
  ): { readonly record: KvRecord; readonly body: Uint8Array } | null;
}

export function recordCodec(secret: string): RecordCodec {
  const key = new Bun.CryptoHasher('sha256', secret).update('meridian kv record 1').digest();
  const mac = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256', key).update(bytes).digest();

  return {
    nameOf: (question) => new Bun.CryptoHasher('sha256', key).update(question).digest('base64url'),

    encode(record, body) {
      const json = Buffer.from(JSON.stringify(record));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(json.length);
      return Buffer.concat([mac(json), length, json, body]);
    },

    decode(bytes, question) {
      const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (all.length < headBytes) return null;
      const end = headBytes + all.readUInt32BE(macBytes);
      const json = all.subarray(headBytes, end);
      if (all.length < end || !mac(json).equals(all.subarray(0, macBytes))) return null;
      const { data: record } = schema.safeParse(JSON.parse(json.toString()));
      if (record?.question !== question) return null;
      const body = all.subarray(end);
      return record.as === 'varies' || isBodyOf(record, body) ? { record, body } : null;
    },
  };
}

function isBodyOf({ apart, sizeBytes, sha256 }: CopyRecord, body: Uint8Array): boolean {
  if (apart !== null) return body.length === 0;
  return body.length === sizeBytes && new Bun.CryptoHasher('sha256').update(body).digest('hex') === sha256;
}
