import { expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { nothingAhead } from './policy/gate.ts';
import { pullTags } from './pull-lists.ts';
import { openSources } from './sources.ts';
import { openTokens } from './tokens.ts';

/** What a client gets as the next page where the upstream says so. */
async function nextOf(link: string): Promise<string | null> {
  const sources = openSources([{ name: 'hub.example', url: 'http://hub.example' }], null);
  const place = sources.placeOf('hub.example/app');
  if (place === null) throw new Error('no such source');
  const door = {
    fetch: async () => ({
      status: 200,
      headers: new Headers({ link }),
      body: Buffer.from('{"tags":["v1"]}'),
    }),
  } as unknown as OriginDoor;
  const oci = {
    route: 'oci',
    sources,
    tokens: openTokens(virtualClock()),
    metadata: {},
    ahead: nothingAhead,
  };
  const item = { kind: 'tags', name: 'hub.example/app', query: '' } as const;
  const ask = { signal: new AbortController().signal } as Ask;
  return (await pullTags({ ...oci, met: undefined }, item, place, ask, door)).headers.get('link');
}

test('the next page is told by the full name, whatever else the upstream links to', async () => {
  const next = '</v2/hub.example/app/tags/list?n=2&last=v1>; rel="next"';
  expect(await nextOf('</v2/app/tags/list?n=2&last=v1>; rel="next"')).toBe(next);
  expect(await nextOf('<http://hub.example/>; rel="first", <?n=2&last=v1>; title=a; rel=next')).toBe(next);
  expect(await nextOf('<http://hub.example/>; rel="first"')).toBeNull();
});

test('a link that is made to take long to read takes no longer', async () => {
  const startedMs = performance.now();
  expect(await nextOf('<>;'.repeat(40_000))).toBeNull();
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});
