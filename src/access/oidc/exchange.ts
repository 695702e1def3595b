/**
 * A machine's own identity (a CI job's, say) for a token of this network that is good for a few minutes: so that nobody has to
 * keep a long-lived secret where the machine runs ("trusted publishing").
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Right } from '../../identity.ts';
import type { Actor } from '../register/actor.ts';
import type { MadeToken, NewToken } from '../register/tokens.ts';
import { issuerKeys } from './keys.ts';
import { type MachineRule, machineOf } from './match.ts';
import { type Issuer, issuerIn, verifyJwt } from './verify.ts';

export interface TrustedIssuer extends Issuer {
  readonly rules: readonly MachineRule[];
  /** Of the tokens that are given for its own, seconds. */
  readonly lifetimeS: number;
  /** Where its keys are; by its discovery document unless said. */
  readonly jwksUrl?: string | undefined;
}

export interface Exchange {
  /** @param limit no more than this. @throws `unauthenticated`, `forbidden`, and whatever fetching the keys throws. */
  exchange(jwt: string, from: string | null, limit?: readonly Right[]): Promise<MadeToken>;
}

export interface ExchangeOptions {
  readonly issuers: readonly TrustedIssuer[];
  readonly makeToken: (actor: Actor, wanted: NewToken) => Promise<MadeToken>;
  /** JSON at an address. */
  readonly fetchJson: (url: string) => Promise<unknown>;
  readonly clock: Clock;
}

export function exchanger({ issuers, makeToken, fetchJson, clock }: ExchangeOptions): Exchange {
  const trusted = new Map(
    issuers.map((issuer) => {
      const fetch = async () => fetchJson(issuer.jwksUrl ?? (await discover(issuer, fetchJson)));
      return [issuer.url, { issuer, keys: issuerKeys({ fetch, clock }) }] as const;
    }),
  );
  return {
    async exchange(jwt, from, limit) {
      const named = issuerIn(jwt);
      const found = named === undefined ? undefined : trusted.get(named);
      if (found === undefined)
        throw new MeridianError(
          'unauthenticated',
          'The identity token is of no issuer that is trusted here.',
        );
      const { issuer, keys } = found;
      const nowMs = clock.now();
      const claims = await verifyJwt(jwt, issuer, keys, nowMs);
      const machine = machineOf(issuer.rules, claims);
      const subject = String(claims['sub']);
      if (machine === undefined)
        throw new MeridianError('forbidden', `no rule for ${issuer.url} says which machine ${subject} is`);
      const owner = `machine:${machine}` as const;
      const actor: Actor = { by: owner, token: null, from };
      const label = `${issuer.url} ${subject}`.slice(0, 200);
      return makeToken(actor, { owner, label, expiresMs: nowMs + issuer.lifetimeS * 1000, limit });
    },
  };
}

/** OpenID Connect Discovery 1.0 §4. */
async function discover({ url }: Issuer, fetchJson: (url: string) => Promise<unknown>): Promise<string> {
  const document = await fetchJson(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const isObject = typeof document === 'object' && document !== null;
  const [issuer, jwks] = isObject ? [Reflect.get(document, 'issuer'), Reflect.get(document, 'jwks_uri')] : [];
  if (issuer !== url || typeof jwks !== 'string')
    throw new MeridianError('upstream-invalid', `the discovery document of ${url} is not its own`);
  return jwks;
}
