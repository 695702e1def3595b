import { expect, test } from 'bun:test';
import { digestOf } from '../digest.ts';
import { needs } from './needs.ts';

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const config = { digest: digestOf(bytesOf('config')), size: 10 };
const image = bytesOf({ config, layers: [] });
const index = bytesOf({
  manifests: [
    {
      digest: digestOf(image),
      size: image.byteLength,
      platform: { os: 'linux', architecture: 'amd64' },
    },
  ],
});

function needed(...platforms: string[]) {
  const read = async (target: string) => {
    const bytes = target.endsWith('/v1') ? index : image;
    return { status: 200, headers: new Headers({ 'docker-content-digest': digestOf(bytes) }), bytes };
  };
  return needs(
    '/v2',
    { name: 'acme/app', version: 'v1', integrity: null },
    { platforms, indexes: false, read },
  );
}

test('an index that has none of the platforms says so', async () => {
  expect(await needed('linux/s390x', 'linux/arm64')).toMatchObject({
    lacks: 'it has nothing for linux/s390x, linux/arm64',
  });
});

test.each([[[]], [['linux/amd64']], [['linux/amd64', 'linux/s390x']]])(
  'nothing is lacking where one of them is there: %j',
  async (platforms) => {
    const { items, lacks } = await needed(...platforms);
    expect([items.length, lacks]).toEqual([4, null]);
  },
);
