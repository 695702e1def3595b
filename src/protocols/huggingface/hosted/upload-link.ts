/**
 * Addresses that large files are uploaded to. Clients show no token there, as they would not to a store of objects: the address is signed, for these bytes
 * alone, and for an hour.
 *
 *     ?by=<who>&until=<ms since the epoch>&signature=<HMAC-SHA-256, base64url>
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Pulling } from '../../registry/ecosystem.ts';
import { storesOf } from '../../registry/hosted/claims.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';

export interface Upload {
  /** Name of the repository. */
  readonly name: string;
  /** SHA-256. */
  readonly oid: string;
  /** Of an identity. */
  readonly by: string;
}

const goodForMs = 3_600_000;
const key = z.object({ key: z.string() });

/** The query of the address. */
export async function signed(upload: Upload, at: Pulling): Promise<string> {
  const until = String(at.registry.clock.now() + goodForMs);
  const signature = sign(await keyOf(at), upload, until).toString('base64url');
  return `?${new URLSearchParams({ by: upload.by, until, signature })}`;
}

/** Who may upload there. @throws a `Refusal`. */
export async function whoMay({ name, oid }: Omit<Upload, 'by'>, query: string, at: Pulling): Promise<string> {
  const said = new URLSearchParams(query);
  const [by, until, signature] = [said.get('by') ?? '', said.get('until') ?? '', said.get('signature') ?? ''];
  const given = Buffer.from(signature, 'base64url');
  const right = sign(await keyOf(at), { name, oid, by }, until);
  if (given.length !== right.length || !timingSafeEqual(given, right))
    throw new Refusal(403, 'This address to upload to has not been given out here.');
  if (Number(until) < at.registry.clock.now())
    throw new Refusal(403, 'This address to upload to has expired.');
  return by;
}

function sign(secret: string, { name, oid, by }: Upload, until: string): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['upload', name, oid, by, until]))
    .digest();
}

/** Of the route, for all origins that share its store. */
async function keyOf({ door, registry }: Pulling): Promise<string> {
  const place = ['huggingface-key', registry.route];
  const { metadata } = storesOf(door);
  const found = await metadata.get(place);
  if (found !== null) return key.parse(found.value).key;
  return metadata.transact(async (transaction) => {
    const there = await transaction.get(place);
    if (there !== null) return key.parse(there.value).key;
    const made = { key: randomBytes(32).toString('base64url') };
    await transaction.put(place, made);
    return made.key;
  });
}
