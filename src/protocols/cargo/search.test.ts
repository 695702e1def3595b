/** `cargo search`: what upstreams are told of it. */
import { afterEach, expect, test } from 'bun:test';
import { alice, closeHomes, openTestHome, textOf } from '../registry/hosted/home.contract.ts';
import type { Source } from '../registry/sources.ts';
import { search } from './search.ts';

afterEach(closeHomes);

const url = 'https://index.example';
const source: Source = { name: 'others', url, remote: { url, authorization: undefined } };

test('names that live here are not told to an upstream, in any case', async () => {
  const { registry, as } = await openTestHome({ names: ['acme-*'], public: [] });
  const home = { ...registry, sources: { all: [source], of: () => [source], named: () => source } };
  const searchFor = (query: string) => search({ ...as(alice), registry: home, path: '', query });
  for (const words of ['acme-secret', 'Acme-Secret', 'parser%20acme-secret'])
    expect(await textOf(await searchFor(`?q=${words}`))).toBe('{"crates":[],"meta":{"total":0}}');
  await expect(searchFor('?q=parser')).rejects.toThrow('no upstream is asked');
});
