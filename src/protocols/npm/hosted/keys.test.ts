import { afterEach, expect, test } from 'bun:test';
import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import { closeWorld, upstream } from '../world.contract.ts';
import { alice, openHome, published, someone } from './home.contract.ts';

afterEach(closeWorld);

const listed = z.object({
  keys: z.array(z.object({ keyid: z.string(), key: z.string(), expires: z.string().nullable() })),
});
const keysIn = (text: string) => listed.parse(JSON.parse(text)).keys;

const theirs = { keyid: 'SHA256:theirs', key: 'AAAA', expires: null };

test('a version is signed with a key that is listed before those of the upstream', async () => {
  const registry = upstream(() => Response.json({ keys: [theirs] }));
  const home = await openHome({ remotes: [registry] });
  await published(home, 'own', '1.0.0');
  const [own, other] = keysIn((await home.origin.get('/-/npm/v1/keys')).text);
  expect(other).toEqual(theirs);
  const { dist } = JSON.parse((await home.origin.get('/own/1.0.0')).text);
  const [{ keyid, sig }] = dist.signatures;
  expect(keyid).toBe(own?.keyid);
  const key = createPublicKey({ key: Buffer.from(own?.key ?? '', 'base64'), format: 'der', type: 'spki' });
  const signed = (text: string) => verify('sha256', Buffer.from(text), key, Buffer.from(sig, 'base64'));
  expect(signed(`own@1.0.0:${dist.integrity}`)).toBe(true);
  expect(signed(`own@1.0.1:${dist.integrity}`)).toBe(false);
});

test('the first key, and each that takes its place, is told to the nodes', async () => {
  const home = await openHome();
  expect((await home.origin.get('/-/npm/v1/keys')).status).toBe(404);
  await published(home, 'own', '1.0.0');
  const keys = { by: 'key', key: 'npm keys' } as const;
  expect(home.purged).toContainEqual(keys);
  home.purged.length = 0;
  expect((await home.as(someone('bob', 'publish'), 'POST', '/-/npm/v1/keys')).status).toBe(403);
  expect((await home.as(alice, 'POST', '/-/npm/v1/keys')).status).toBe(201);
  // What is told again of the publication, as of what a process before this one may have left untold, goes by the package's tag.
  expect(home.purged.filter(({ by }) => by === 'key')).toEqual([keys]);
  home.origin.stored.clear();
  const [now, before] = keysIn((await home.origin.get('/-/npm/v1/keys')).text);
  expect([now?.expires, typeof before?.expires]).toEqual([null, 'string']);
});

test('without the keys of the upstream there is no list: it would call good signatures bad', async () => {
  const home = await openHome({ remotes: [upstream(() => new Response('', { status: 500 }))] });
  await published(home, 'own', '1.0.0');
  expect((await home.origin.get('/-/npm/v1/keys')).status).toBe(500);
});
