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

test('an upstream is not believed about names that another one claims', async () => {
  const { registry, as } = await openTestHome({ names: ['acme-*'], public: [] });
  const of = (name: string | null) => (name?.startsWith('partner-') ? [] : [source]);
  const home = { ...registry, sources: { all: [source], of, named: () => source } };
  const crates = ['parser', 'partner-parser', 'acme-parser'].map((name) => ({ name, max_version: '1.0.0' }));
  const asked = as(alice);
  const bytes = new TextEncoder().encode(JSON.stringify({ dl: `${url}/dl`, api: url }));
  const door = {
    ...asked.door,
    read: async () => ({ status: 200, headers: new Headers(), bytes }),
    fetch: async () => ({
      status: 200,
      headers: new Headers(),
      body: new TextEncoder().encode(JSON.stringify({ crates, meta: { total: 3 } })),
    }),
  };
  const answer = await search({ ...asked, door, registry: home, path: '', query: '?q=parser' });
  expect(JSON.parse(await textOf(answer)).crates).toEqual([{ name: 'parser', max_version: '1.0.0' }]);
});
