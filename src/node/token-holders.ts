/**
 * Whose token it is that a visitor of the admin listener brings. A PoP knows by its guard; a shield or an origin, which has none,
 * asks the records each time, as only those ask there who look after the network.
 */
import { introduction } from '../access/api/for-nodes.ts';
import { credentialIn } from '../access/credential.ts';
import { guardReasons, unauthenticated } from '../access/edge/guard.ts';
import { notes } from '../access/edge/notes.ts';
import { type Refusal, refusalOf } from '../access/identify.ts';
import { hashOfToken } from '../access/token.ts';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { cidrSet } from '../http/cidr.ts';
import type { Parent } from '../parent.ts';
import type { Log } from '../telemetry/log.ts';
import type { NodeGuard } from './guard.ts';
import { askOrigin } from './system.ts';

export interface Holders {
  /**
   * Id of the token; `null` without one.
   * @throws `unauthenticated` for one that is good for nothing, here and now.
   */
  tokenOf(exchange: Exchange): Promise<string | null>;
  /** Tells the origin what it has not been told yet. */
  close(): Promise<void>;
}

export interface HoldersOptions {
  /** `null` at a node that only other nodes ask. */
  readonly guard: NodeGuard | null;
  /** The way to the origin, as it is now. */
  readonly parent: () => Parent;
  readonly clock: Clock;
  readonly log: Log;
}

/** Somebody who tries one token after another gets no further than this. */
const maxAtOnce = 64;

export function holders({ guard, parent, clock, log }: HoldersOptions): Holders {
  if (guard !== null)
    return { tokenOf: async (exchange) => (await guard.identify(exchange)).token, close: async () => {} };
  const times = () => ({ nowMs: clock.now(), startedMs: clock.elapsed() });
  const known = notes({
    clock,
    warn: (message, fields) => log.warn(message, fields),
    async send({ used }) {
      const tokens = [...used].map(([token, atMs]) => ({ token, atMs }));
      const body = { used: tokens, denied: [], more: 0 };
      await askOrigin(parent(), { method: 'POST', path: '/nodes/report', body }, times());
    },
  });
  let asking = 0;

  async function introduced(hash: string) {
    if (asking >= maxAtOnce)
      throw new MeridianError('overloaded', 'too many requests at once', { retryAfterS: 1 });
    asking++;
    try {
      const answer = await askOrigin(parent(), { method: 'GET', path: `/nodes/tokens/${hash}` }, times());
      return introduction.nullable().parse(answer);
    } finally {
      asking--;
    }
  }

  return {
    async tokenOf(exchange) {
      const credential = credentialIn(exchange.headers);
      if (credential.as === 'none') return null;
      if (credential.as === 'malformed') throw unauthenticated(credential.why);
      if (credential.as === 'password') throw unauthenticated(guardReasons.password);
      const told = (await introduced(hashOfToken(credential.token))) ?? [];
      const found = tokenIn(told, exchange.client(), clock.now());
      if (typeof found === 'string') throw unauthenticated(guardReasons[found]);
      known.used(found.id, clock.now());
      return found.id;
    },
    async close() {
      known.close();
      await known.flush();
    },
  };
}

type Told = (typeof introduction)['_output'];

function tokenIn(told: Told, address: string, nowMs: number): { readonly id: string } | Refusal {
  const all = told.map(({ news }) => news);
  const token = all.find(({ of }) => of === 'token')?.value;
  if (!token || !('expiresMs' in token)) return 'unknown';
  const { id, owner, expiresMs } = token;
  const addresses = token.addresses.length === 0 ? null : cidrSet(token.addresses);
  const refusal = refusalOf(
    { ...{ id, owner, expiresMs, addresses, limit: null } },
    {
      nowMs,
      address: () => address,
    },
  );
  if (refusal !== null) return refusal;
  const isGone = all.some(({ of, value }) => of === 'user' && (value === null || value.disabled));
  return isGone ? 'disabled' : { id };
}
