import { expect, test } from 'bun:test';
import { nothingAhead } from '../../../../test/support/prefetch.ts';
import { systemClock } from '../../../clock.ts';
import type { PrefetchItem } from '../../../foresight.ts';
import type { OriginHome } from '../../../protocol.ts';
import { digestOf } from '../digest.ts';
import { openReplication } from './replicate.ts';

const rule = { repositories: ['acme/app'], tags: ['v1'], to: ['*'], platforms: [], everyS: 3600 };

test('a tag that moves while it is looked at is looked at again after that, so that nodes are told of the newer one last', async () => {
  const reading: { settle(text: string): void }[] = [];
  const told: (string | null)[] = [];
  const home = {
    ...nothingAhead,
    prefetch: {
      ...nothingAhead.prefetch,
      tell: async (_: string, { items }: { items: readonly PrefetchItem[] }) => {
        told.push(items[0]?.etag ?? null);
      },
    },
    read: () =>
      new Promise((resolve) => {
        reading.push({ settle: (text) => resolve(manifest(text)) });
      }),
    ...{ stores: null, purge: async () => {}, warn: () => {} },
  } as unknown as OriginHome;
  const options = { route: 'oci', base: '/v2', rules: [rule], hosted: null, clock: systemClock };
  const replication = openReplication(options, home);
  await turns();
  replication.changed('acme/app', 'v1');
  await turns();
  expect(reading).toHaveLength(1);
  reading[0]?.settle('{"before":true}');
  await turns();
  reading[1]?.settle('{"after":true}');
  await turns();
  replication.close();
  expect(told).toEqual([etagOf('{"before":true}'), etagOf('{"after":true}')]);
});

const bytesOf = (text: string) => new TextEncoder().encode(text);
const etagOf = (text: string) => `"${digestOf(bytesOf(text))}"`;

function manifest(text: string) {
  const headers = new Headers({ 'docker-content-digest': digestOf(bytesOf(text)) });
  return { status: 200, headers, bytes: bytesOf(text) };
}

async function turns(): Promise<void> {
  for (let at = 0; at < 5; at++) await new Promise((resolve) => setImmediate(resolve));
}
