/** Whom the admin listener of a PoP takes somebody for. */
import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { MeridianError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { silentLog } from '../telemetry/log.ts';
import type { NodeGuard } from './guard.ts';
import { ownExchange } from './own-exchange.ts';
import { holders } from './token-holders.ts';

const whole: Identity = { name: 'user:alice', token: 'id-of-a-token', may: () => true };

function tokenOf(identity: Identity): Promise<string | null> {
  const clock = virtualClock();
  const guard = { identify: () => identity } as Partial<NodeGuard> as NodeGuard;
  const parent = () => () => Promise.reject(new Error('nobody is asked'));
  const found = holders({ guard, parent, clock, log: silentLog });
  const at = { nowMs: clock.now(), startedMs: clock.elapsed() };
  return found.tokenOf(ownExchange({ method: 'GET', target: '/own/tokens', body: null, ...at }));
}

test('a token is that of who shows it', async () => {
  expect(await tokenOf(whole)).toBe('id-of-a-token');
});

test('a ticket is none, since the origin would take its holder for all that he is', async () => {
  const thrown = await tokenOf({ ...whole, whole, may: () => false }).catch((error) => error);
  expect(thrown).toBeInstanceOf(MeridianError);
  expect(thrown.code).toBe('unauthenticated');
});
