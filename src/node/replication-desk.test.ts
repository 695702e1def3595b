import { expect, test } from 'bun:test';
import { hub } from '../../test/support/bus.ts';
import { virtualClock } from '../../test/support/clock.ts';
import { turns } from '../cache/answers.contract.ts';
import { openLists } from '../prefetch/lists.ts';
import type { Member } from '../purging/members.ts';
import { openReplicationDesk } from './replication-desk.ts';

test('a node whose list could not be made is failing, and the list says why', async () => {
  const clock = virtualClock();
  const bus = hub(clock.now).join('origin');
  const lists = openLists(bus, clock);
  const pop: Member = { name: 'pop', role: 'pop', startedMs: 0, applied: null, beat: 1 };
  const desk = openReplicationDesk({
    ...{ lists, bus },
    network: () => ({ nodes: { pop: { name: 'pop', role: 'pop' } } }),
    members: { known: new Map([['pop', pop]]) },
  });
  const error = '/v2/acme/app/manifests/v1: the origin answers 403';
  await lists.of('oci').tell('v1', { group: 'acme/app', to: ['pop'], items: [], error });
  await turns();
  expect(desk.state()).toMatchObject([
    { group: 'acme/app', error, nodes: [{ node: 'pop', state: 'failing', error: null }] },
  ]);
  await lists.of('oci').tell('v1', { group: 'acme/app', to: ['pop'], items: [], error: null });
  await turns();
  expect(desk.state()).toMatchObject([{ error: null, nodes: [{ node: 'pop', state: 'coming' }] }]);
  desk.close();
  lists.close();
});
