/**
 * A copy of a hot object, from the member that keeps it to one that shall keep it as well: asked for beside the requests of
 * clients, none of which waits for it, and taken whole. It is given only while it is fresh in memory, so what is private or
 * not to be stored is never copied, and nobody but the owner asks a parent.
 *
 * A purge that the taker knows of is one that the giver knows of, too, or nothing is given (as between tiers, `meet.ts`).
 */

import { z } from 'zod';
import { announcedBytes, discard } from '../cache/answer.ts';
import type { Answer } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import { headOfCopy, mostHeadBytes, readCopy } from '../hot/wire.ts';
import { endToEnd } from '../http/fields.ts';
import { parsedJson } from '../http/json.ts';
import type { CacheKey } from '../resource.ts';
import type { Node } from './node.ts';
import type { NodeRing } from './ring.ts';

const question = z.object({
  key: z.string(),
  /** The request's, by which a variant is selected. */
  fields: z.array(z.tuple([z.string(), z.string()])),
  /** How far the taker has followed the purges on the bus. */
  knows: z.object({ log: z.string(), sequence: z.number() }),
});

/** The giver has it in memory: what takes longer is not worth it, as it is asked for again. */
const withinMs = 5_000;

/** Fails as `Peers.ask` does. Tells whether a copy was kept. */
export async function takeCopy(
  { cache, clock, purging }: Pick<Node, 'cache' | 'clock' | 'purging'>,
  ring: Pick<NodeRing, 'tell'>,
  from: string,
  key: CacheKey,
  headers: Exchange['headers'],
): Promise<boolean> {
  // The client wanted something newer than a copy that is here.
  if (cache.original(key, headers) !== null) return false;
  const knows = purging.knows();
  // It may have heard of purges that it can no longer name.
  if (knows === 'unsure') return false;
  const replica = cache.expectReplica(key);
  try {
    const asked: z.input<typeof question> = { key, fields: [...endToEnd(headers)], knows };
    const askedMs = clock.now();
    const signal = AbortSignal.timeout(withinMs);
    const answer = await ring.tell(from, 'copy', JSON.stringify(asked), signal);
    const bytes = answer.status === 200 ? await whole(answer, cache.copyLimitBytes) : null;
    if (bytes === null) discard(answer);
    const given = bytes && readCopy(bytes, askedMs);
    return given !== null && given.entry.key === key && replica.keep(given.entry, given.body);
  } finally {
    replica.end();
  }
}

/** What another member gets that asks for a copy: 404 when there is nothing to give just now. */
export async function giveCopy(
  text: string,
  { cache, clock, purging }: Pick<Node, 'cache' | 'clock' | 'purging'>,
): Promise<Response> {
  const asked = question.safeParse(parsedJson(text)).data;
  if (asked === undefined) return new Response(null, { status: 400 });
  const none = new Response(null, { status: 404 });
  if (!(await purging.meets(asked.knows))) return none;
  const found = cache.original(asked.key as CacheKey, new Headers(asked.fields));
  if (found === null) return none;
  const head = headOfCopy(found.entry, clock.now());
  return head.length > mostHeadBytes ? none : new Response(new Blob([head, found.body]));
}

/** `null`: it is longer than anything that may be kept. */
async function whole(answer: Answer, mostBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const most = mostBytes + mostHeadBytes;
  const { body } = answer;
  if (!(body instanceof ReadableStream)) return body ?? new Uint8Array();
  if ((announcedBytes(answer) ?? 0) > most) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) return null;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
