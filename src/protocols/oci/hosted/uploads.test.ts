/** Uploads in pieces: whose they are, and what becomes of them when something else happens meanwhile. */
import { afterEach, describe, expect, test } from 'bun:test';
import { digestOf } from '../digest.ts';
import {
  alice,
  bytesOf,
  closeHomes,
  openTestHome,
  pushedBlob,
  someone,
  type TestHome,
} from './home.contract.ts';

afterEach(closeHomes);

const bytes = bytesOf('some layer');
const half = bytes.slice(0, 5);
const rest = bytes.slice(5);
const digest = digestOf(bytes);

async function begun(home: TestHome, name: string, parameters = ''): Promise<string> {
  const answer = await home.as(alice, 'POST', `${name}/blobs/uploads/${parameters}`);
  expect(answer.status).toBe(202);
  return answer.headers.get('location') ?? '';
}

const isThere = async (home: TestHome, name: string, of = digest) =>
  (await home.as(alice, 'HEAD', `${name}/blobs/${of}`)).status === 200;

describe('an upload', () => {
  const unknown = { code: 'upload-unknown' };

  test('is there for whoever began it alone, whatever others may do', async () => {
    const home = await openTestHome();
    const place = await begun(home, 'acme/app');
    await home.as(alice, 'PATCH', place, { body: half });
    const bob = someone('bob', 'read', 'publish', 'delete');
    for (const [method, target] of [
      ['GET', place],
      ['PATCH', place],
      ['PUT', `${place}?digest=${digestOf(half)}`],
      ['DELETE', place],
    ] as const)
      await expect(
        home.as(bob, method, target, method === 'PATCH' ? { body: rest } : {}),
      ).rejects.toMatchObject(unknown);
    expect((await home.as(alice, 'GET', place)).headers.get('range')).toBe('0-4');
    await home.as(alice, 'PATCH', place, { body: rest });
    expect((await home.as(alice, 'PUT', `${place}?digest=${digest}`)).status).toBe(201);
  });

  test('ends in no other repository than the one where it began', async () => {
    const home = await openTestHome();
    const place = await begun(home, 'acme/app');
    await home.as(alice, 'PATCH', place, { body: bytes });
    const elsewhere = `${place.replace('acme/app', 'acme/other')}?digest=${digest}`;
    await expect(home.as(alice, 'PUT', elsewhere)).rejects.toMatchObject(unknown);
    await expect(home.as(alice, 'PUT', elsewhere, { body: bytes })).rejects.toMatchObject(unknown);
    expect([await isThere(home, 'acme/app'), await isThere(home, 'acme/other')]).toEqual([false, false]);
    expect((await home.as(alice, 'PUT', `${place}?digest=${digest}`)).status).toBe(201);
  });

  test('is what its digest says, by either algorithm, announced or not', async () => {
    const long = digestOf(bytes, 'sha512');
    for (const parameters of ['', '?digest-algorithm=sha512']) {
      const home = await openTestHome();
      const place = await begun(home, 'acme/app', parameters);
      await home.as(alice, 'PATCH', place, { body: half });
      await home.as(alice, 'PATCH', place, { body: rest, headers: { 'content-range': '5-9' } });
      expect((await home.as(alice, 'PUT', `${place}?digest=${long}`)).status).toBe(201);
      expect(await isThere(home, 'acme/app', long)).toBe(true);
    }
  });

  test('is answered with 416, and with its place, where it does not go on there', async () => {
    const home = await openTestHome();
    const place = await begun(home, 'acme/app');
    await home.as(alice, 'PATCH', place, { body: half });
    const sent = { body: rest, headers: { 'content-range': '6-10' } };
    const refused = await home.as(alice, 'PATCH', place, sent);
    expect([refused.status, refused.headers.get('range')]).toEqual([416, '0-4']);
    expect(refused.headers.get('location')).toBe(place);
  });

  test('that turns out to be something else is gone, and so are its bytes', async () => {
    const home = await openTestHome();
    const place = await begun(home, 'acme/app');
    await home.as(alice, 'PATCH', place, { body: bytes });
    const wrong = home.as(alice, 'PUT', `${place}?digest=${digestOf(half)}`);
    await expect(wrong).rejects.toMatchObject({ code: 'blob-mismatch' });
    await expect(home.as(alice, 'GET', place)).rejects.toMatchObject(unknown);
    expect(home.stores.blobs.uploads.underWay).toEqual({ uploads: 0, bytes: 0 });
    expect(await isThere(home, 'acme/app')).toBe(false);
  });

  test('leaves nothing under way, however it ends', async () => {
    const home = await openTestHome();
    const all = await Promise.all(Array.from({ length: 4 }, () => begun(home, 'acme/app')));
    const [inOne = '', inTwo = '', cancelled = '', empty = ''] = all;
    await home.as(alice, 'PUT', `${inOne}?digest=${digest}`, { body: bytes });
    await home.as(alice, 'PATCH', inTwo, { body: half });
    await home.as(alice, 'PUT', `${inTwo}?digest=${digest}`, { body: rest });
    await home.as(alice, 'DELETE', cancelled);
    const nothing = digestOf(new Uint8Array());
    expect((await home.as(alice, 'PUT', `${empty}?digest=${nothing}`)).status).toBe(201);
    await pushedBlob(home, 'acme/app', 'in one request');
    expect(home.stores.blobs.uploads.underWay).toEqual({ uploads: 0, bytes: 0 });
  });
});
