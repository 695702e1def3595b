import { afterEach, beforeEach, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { type Temporary, temporary } from '../../../test/support/temporary.ts';
import { noise } from '../answers.contract.ts';
import { type Objects, openObjects, sha256Of } from './objects.ts';

let folder: Temporary;
let objects: Objects;
beforeEach(async () => {
  folder = temporary('writer');
  objects = await openObjects(folder.path);
});
afterEach(() => folder[Symbol.dispose]());

const atOnce = async () => {};

test('a file appears under its name when it is whole', async () => {
  const body = noise(300_000);
  const writer = await objects.create();
  for (let at = 0; at < body.length; at += 100_000) await writer.append([body.slice(at, at + 100_000)]);
  const path = objects.path(sha256Of(body));
  const sha256 = await writer.commit(async (name) => {
    expect(name).toBe(sha256Of(body));
    expect(existsSync(path)).toBe(false);
  });
  expect([sha256, existsSync(path), writer.ended]).toEqual([sha256Of(body), true, true]);
  expect(await objects.bytes(sha256, body.length)).toEqual(Buffer.from(body));
  await writer.discard();
  expect(existsSync(path)).toBe(true);
  await writer.close();
});

test('a body that somebody else compares has the name that it was compared with', async () => {
  const [body, hash] = [noise(3_000_000), new Bun.CryptoHasher('sha256')];
  const writer = await objects.create(sha256Of(body));
  for (let at = 0; at < body.length; at += 1_000_000) {
    const piece = body.slice(at, at + 1_000_000);
    hash.update(piece);
    await writer.append([piece]);
  }
  expect(await writer.commit(atOnce)).toBe(hash.digest('hex'));
  expect(await objects.intact(sha256Of(body), body.length)).toBe(true);
  await writer.close();
});

test('any number of small pieces is written at once', async () => {
  const writer = await objects.create();
  const pieces = Array.from({ length: 5000 }, (_, n) => new Uint8Array([n % 256]));
  await writer.append(pieces);
  expect(writer.sizeBytes).toBe(5000);
  expect(await objects.intact(await writer.commit(atOnce), 5000)).toBe(true);
  await writer.close();
});

test('closing waits for what is under way, and nothing begins after it', async () => {
  const body = noise(20_000_000);
  const writer = await objects.create();
  const order: string[] = [];
  const appended = writer.append([body]).then(() => order.push('appended'));
  const closed = writer.close().then(() => order.push('closed'));
  expect(await writer.read(new Uint8Array(10), 0).catch((error: Error) => error.message)).toBe(
    'the file is closed',
  );
  await Promise.all([appended, closed, writer.close()]);
  expect(order).toEqual(['appended', 'closed']);
  await writer.discard();
});

test('what is given up leaves nothing behind', async () => {
  const writer = await objects.create();
  await writer.append([noise(10)]);
  await writer.discard();
  await writer.discard();
  await writer.close();
  let found = 0;
  await objects.sweep(
    async () => void found++,
    () => false,
  );
  expect(found).toBe(0);
});

test('a body that is cut, changed or gone is not intact', async () => {
  const body = noise(1000);
  const writer = await objects.create();
  await writer.append([body]);
  const sha256 = await writer.commit(atOnce);
  await writer.close();
  expect(await objects.intact(sha256, 1000)).toBe(true);
  expect(await objects.intact(sha256, 999)).toBe(false);
  await Bun.write(objects.path(sha256), noise(1000, 2));
  expect(await objects.intact(sha256, 1000)).toBe(false);
  expect(await objects.bytes(sha256, 1000)).toBeNull();
  await objects.remove(sha256);
  await objects.remove(sha256);
  expect(await objects.present(sha256, 1000)).toBe(false);
  expect(await objects.bytes(sha256, 1000)).toBeNull();
});
