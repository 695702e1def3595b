/** What the hosting half of this protocol works with; made once per route, at the origin. */
import type { Clock } from '../../../clock.ts';
import type { Exchange } from '../../../exchange.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { FreshnessPolicy } from '../../../resource.ts';
import type { Act, Transaction } from '../../../store.ts';
import { type Hosted, storesOf } from './claims.ts';
import type { Where } from './record.ts';
import type { Teller, Withdrawn } from './tell.ts';

export interface Home {
  readonly route: string;
  /** Path of the API as clients see it: `/v2`. */
  readonly base: string;
  readonly hosted: Hosted;
  readonly metadata: FreshnessPolicy;
  readonly teller: Teller;
  /** Something is gone that may have held a signature: none in this repository counts as found any more. */
  readonly withdrawn: Withdrawn;
  readonly clock: Clock;
}

/** Who changes which repository, be it with a request or by a command on the origin's machine. */
export interface Acting {
  readonly home: Home;
  readonly at: Where;
  readonly exchange: Pick<Exchange, 'identity' | 'tier' | 'client'>;
  readonly origin: Pick<OriginDoor, 'stores' | 'purge'>;
}

/** Who asks for a change of which repository. */
export interface Changing extends Acting {
  readonly exchange: Exchange;
  readonly origin: OriginDoor;
  readonly signal: AbortSignal;
}

/** Writes down who has done it. @param reference a tag or a digest; `null`: it is about all of the repository. */
export async function audit(
  transaction: Transaction,
  { home, at, exchange, origin }: Acting,
  what: 'push' | 'delete' | 'delete-blob' | 'delete-repository',
  reference: string | null,
  detail: Act['detail'],
): Promise<void> {
  const which = reference === null ? '' : `${reference.includes(':') ? '@' : ':'}${reference}`;
  await storesOf(origin).audit(transaction, {
    atMs: home.clock.now(),
    by: exchange.identity?.name ?? 'anonymous',
    token: exchange.identity?.token ?? null,
    from: (exchange.tier === null ? exchange.client() : exchange.tier.caller?.address) || null,
    what: `oci.${what}`,
    subject: `${at.route} ${at.name}${which}`,
    detail,
  });
}
