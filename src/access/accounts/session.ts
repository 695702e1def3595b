/**
 * A login that has begun: when, from where, and a random number, signed, so that nothing has to be kept of the many that nobody
 * ever finishes. It has two names. One is for the page on which the user logs in, the other for the client that waits
 * for the token; whoever sees the address of the page, in a history or over a shoulder, cannot take the token.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const begun = z.tuple([
  /** When, ms since the epoch. */
  z.number(),
  /** From which address. */
  z.string().nullable(),
  /** What makes it unlike any other. */
  z.string(),
]);

export interface Session {
  /** The same for both of its names. */
  readonly id: string;
  readonly begunMs: number;
  readonly from: string | null;
}

type Purpose = 'page' | 'done';

export interface Sessions {
  begin(nowMs: number, from: string | null): Readonly<Record<Purpose, string>>;
  /** `null` for a name that was not given here for this purpose. */
  read(purpose: Purpose, name: string): Session | null;
}

/** Longer than any name that is given here. */
const longest = 400;

/** @param secret of the network: all origins know it. */
export function sessions(secret: string): Sessions {
  const sign = (purpose: Purpose, text: string) =>
    createHmac('sha256', secret).update(`login ${purpose} ${text}`).digest('base64url');

  return {
    begin(nowMs, from) {
      const random = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
      const text = Buffer.from(JSON.stringify([nowMs, from, random])).toString('base64url');
      return { page: `${text}.${sign('page', text)}`, done: `${text}.${sign('done', text)}` };
    },

    read(purpose, name) {
      const [text = '', signature = ''] = name.split('.', 2);
      if (name.length > longest || !isSame(signature, sign(purpose, text))) return null;
      const [begunMs, from] = begun.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
      return { id: new Bun.CryptoHasher('sha256').update(text).digest('base64url'), begunMs, from };
    },
  };
}

function isSame(given: string, right: string): boolean {
  const [left, other] = [Buffer.from(given), Buffer.from(right)];
  return left.length === other.length && timingSafeEqual(left, other);
}
