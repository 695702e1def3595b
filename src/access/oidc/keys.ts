/**
 * The keys of an issuer (JWKS, RFC 7517): fetched when they are first needed, again after ten minutes or for a key that is not
 * among them, and kept while the issuer cannot be reached, for no longer than a day.
 */
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';

const maxAgeMs = 10 * 60_000;
/** For an unknown key, no sooner than this after the time before. */
const coolDownMs = 30_000;
const maxStaleMs = 24 * 3_600_000;
const maxKeys = 100;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(maxKeys) });

export interface IssuerKeys {
  /** Keys that a token may be signed with. */
  readonly find: JWTVerifyGetKey;
}

export interface IssuerKeysOptions {
  /** Gives the JSON of the key set; fails when it cannot be had. */
  readonly fetch: () => Promise<unknown>;
  readonly clock: Clock;
}

interface Held {
  readonly keys: JWTVerifyGetKey;
  readonly atMs: number;
}

export function issuerKeys({ fetch, clock }: IssuerKeysOptions): IssuerKeys {
  let held: Held | null = null;
  let triedMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<Held> | null = null;

  function renew(): Promise<Held> {
    fetching ??= load().finally(() => {
      fetching = null;
    });
    return fetching;
  }

  async function load(): Promise<Held> {
    triedMs = clock.elapsed();
    const { data } = keySet.safeParse(await fetch());
    if (data === undefined) throw new MeridianError('upstream-invalid', 'the issuer gives no key set');
    held = { keys: createLocalJWKSet(data as JSONWebKeySet), atMs: clock.elapsed() };
    return held;
  }

  async function current(): Promise<Held> {
    const nowMs = clock.elapsed();
    if (held !== null && nowMs - held.atMs < maxAgeMs) return held;
    if (held !== null && nowMs - triedMs < coolDownMs && nowMs - held.atMs < maxStaleMs) return held;
    try {
      return await renew();
    } catch (error) {
      if (held !== null && nowMs - held.atMs < maxStaleMs) return held;
      throw error;
    }
  }

  return {
    async find(header, token) {
      const { keys, atMs } = await current();
      try {
        return await keys(header, token);
      } catch (error) {
        // The issuer may have a new key, which is looked for no more often than this.
        if (clock.elapsed() - Math.max(atMs, triedMs) < coolDownMs) throw error;
        return (await renew()).keys(header, token);
      }
    },
  };
}
