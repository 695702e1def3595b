import { expect, test } from 'bun:test';
import { exchange, freePort, resource, virtualClock } from '../../test/support/index.ts';
import type { Entry } from '../entry.ts';
import type { Ask } from '../parent.ts';
import { silentLog } from '../telemetry/log.ts';
import type { Route } from './routes.ts';
import { siblings } from './siblings.ts';

const secret = 'a secret of this network, which is long enough';
const route = { name: 'web' } as Route;
const ask: Ask = {
  exchange: exchange(),
  named: resource(),
  stored: null,
  background: false,
  reload: false,
  signal: new AbortController().signal,
};

/** One sibling, which is not there. How often was it asked? */
async function asked(given: Ask, untilMs = Number.POSITIVE_INFINITY, times = 1) {
  const clock = virtualClock();
  const timeouts = {
    ...{ connectMs: 1000, firstByteMs: 1000, betweenBytesMs: 1000 },
    ...{ lockMs: 1000, idleS: 1, drainMs: 1000 },
  };
  const asker = {
    ...{ node: 'ams', cdnId: 'ams.test.meridian', secret, timeouts, clock },
    ...{
      bounds: { connections: 4, waiting: 4 },
      packs: false,
      work: { packed: () => undefined },
      knows: () => 'unsure' as const,
      tls: { current: undefined, close() {} },
    },
  };
  const near = siblings({
    siblings: [{ name: 'lhr', url: `http://127.0.0.1:${await freePort()}`, http2: false, untilMs }],
    ...{ asker, checker: { ...asker, timeoutMs: 1000 }, log: silentLog, silentMs: 500 },
    health: { failures: 5, ejectMs: 30_000, rampMs: 30_000 },
    check: { everyMs: 10_000, failingMs: 1000, timeoutMs: 1000 },
  });
  for (let nth = 0; nth < times; nth++) expect(await near.ask(given, route)).toBeNull();
  const [status] = near.status();
  near.close();
  return status;
}

test('a sibling is asked for what is missing, and passed over once it cannot be reached', async () => {
  expect(await asked(ask)).toMatchObject({ requests: 1, failures: 1 });
  expect(await asked(ask, Number.POSITIVE_INFINITY, 5)).toMatchObject({ state: 'down' });
});

test('it is asked until its time is over', async () => {
  expect(await asked(ask, 0)).toMatchObject({ requests: 0 });
});

test('it is not asked for what has to be confirmed, changed, or made for the clients of one PoP', async () => {
  const tier = { node: 'pop', route: 'web', background: false, mustConfirm: true };
  const others: Partial<Ask>[] = [
    { stored: {} as Entry },
    { background: true },
    { reload: true },
    { exchange: exchange({ method: 'POST' }) },
    { exchange: exchange({ tier }) },
    { named: resource('npm left-pad', { rendered: true }) },
    { named: { as: 'pass', kind: 'page', why: 'bypass', ask: 'client' } },
  ];
  for (const other of others) expect(await asked({ ...ask, ...other })).toMatchObject({ requests: 0 });
});
