import { expect, test } from 'bun:test';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { blobsOf, openAhead } from './ahead.ts';
import { digestOf } from './digest.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const named = (text: string) => digestOf(bytesOf(text));
const described = (text: string, more: object = {}) => ({ digest: named(text), size: text.length, ...more });
const manifest = (value: unknown) => bytesOf(JSON.stringify(value));

const layers = ['base', 'middle', 'base', 'top'].map((text) => described(text));
const image = manifest({ config: described('config'), layers });

test('an image’s config comes first, then its layers, each once', () => {
  expect(blobsOf(image, 1000)).toEqual(['config', 'base', 'middle', 'top'].map(named));
});

test('what is too large, lies elsewhere, or has a digest that nobody can check, is left to who asks', () => {
  const odd = [
    described('small'),
    described('large', { size: 1001 }),
    described('elsewhere', { urls: ['https://windows.example/layer'] }),
    { digest: 'md5:abc', size: 3 },
  ];
  expect(blobsOf(manifest({ layers: odd }), 1000)).toEqual([named('small')]);
});

test('an index, and what is no manifest, names nothing to fetch', () => {
  expect(blobsOf(manifest({ manifests: [described('amd64')] }), 1000)).toEqual([]);
  expect(blobsOf(bytesOf('<html>'), 1000)).toEqual([]);
});

test('so many are fetched at once, and one that fails makes room for the next', async () => {
  const asked: { readonly key: string; readonly settle: PromiseWithResolvers<void> }[] = [];
  const door = doorTo((key) => {
    const settle = Promise.withResolvers<void>();
    asked.push({ key, settle });
    return settle.promise;
  });
  const keys = () => asked.map(({ key }) => key.slice(key.indexOf('@') + 1));
  openAhead('oci', { atOnce: 2, largestBytes: 1000 }).foresee('hub.example/app', image, {} as Ask, door);
  expect(keys()).toEqual([named('config'), named('base')]);
  asked[0]?.settle.reject(new Error('gone'));
  await Bun.sleep(0);
  expect(keys()).toEqual([named('config'), named('base'), named('middle')]);
  expect(asked[0]?.key).toStartWith('oci blob/hub.example/app@');
});

test('nothing is fetched ahead where none may be', () => {
  const door = doorTo(() => {
    throw new Error('asked');
  });
  openAhead('oci', { atOnce: 0, largestBytes: 1000 }).foresee('hub.example/app', image, {} as Ask, door);
});

function doorTo(fetchAhead: (key: string) => Promise<void>): OriginDoor {
  return { fetchAhead: ({ key }: { key: string }) => fetchAhead(key) } as unknown as OriginDoor;
}
