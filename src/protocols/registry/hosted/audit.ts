/** Writes down who has changed what, in the transaction that does it. */
import type { Act, Transaction } from '../../../store.ts';
import type { Pulling } from '../ecosystem.ts';
import { storesOf } from './claims.ts';

export interface HostedAct {
  /** The ecosystem's word, without its name: `publish`, `yank`. */
  readonly action: string;
  readonly name: string;
  readonly version: string | null;
  readonly detail: Act['detail'];
}

/** A line of the audit log: `pypi.publish`, `<route> requests@2.32.0`. */
export async function audit(
  transaction: Transaction,
  { registry: { ecosystem, route, clock }, ask: { exchange }, door }: Pulling,
  { action, name, version, detail }: HostedAct,
): Promise<void> {
  await storesOf(door).audit(transaction, {
    atMs: clock.now(),
    by: exchange.identity?.name ?? 'anonymous',
    token: exchange.identity?.token ?? null,
    from: (exchange.tier === null ? exchange.client() : exchange.tier.caller?.address) || null,
    what: `${ecosystem.id}.${action}`,
    subject: `${route} ${name}${version === null ? '' : `@${version}`}`,
    detail,
  });
}
