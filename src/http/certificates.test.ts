import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { copyFile, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate, noOpenssl, type TestCertificate } from '../../test/support/certificate.ts';
import { virtualClock } from '../../test/support/clock.ts';
import { available } from '../../test/support/needs.ts';
import { temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import { type Certificate, pollMs, readCertificate, watchCertificate } from './certificates.ts';

const folder = temporary('certificates');
let one: TestCertificate;
let two: TestCertificate;

const usable = available('openssl', noOpenssl);
beforeAll(async () => {
  if (!usable) return;
  one = await makeCertificate(folder.path, 'one');
  two = await makeCertificate(folder.path, 'two');
});
afterAll(() => folder[Symbol.dispose]());

/** A copy of the first certificate, in a folder of its own, and a watch over it. */
async function setUp() {
  const home = join(folder.path, crypto.randomUUID());
  await mkdir(home);
  const files = { cert: join(home, 'cert.pem'), key: join(home, 'key.pem') };
  await copyFile(one.cert, files.cert);
  await copyFile(one.key, files.key);
  const clock = virtualClock();
  const used: Certificate[] = [];
  const unusable: unknown[] = [];
  const inUse = await readCertificate(files);
  const watch = watchCertificate({
    files,
    inUse,
    clock,
    use: (certificate) => void used.push(certificate),
    unusable: (error) => unusable.push(error),
  });
  /** Moves the clock past so many looks, and waits until each is over. */
  async function looks(count: number): Promise<void> {
    for (let look = 0; look < count; look++) {
      clock.advance(pollMs);
      await eventually('the look to be over', () => clock.waiting === 1, { everyMs: 1 });
    }
  }
  return { home, files, clock, used, unusable, watch, looks };
}

describe.skipIf(!usable)('a certificate', () => {
  test('is read from two files that belong together', async () => {
    const certificate = await readCertificate(one);
    expect(certificate.cert).toStartWith('-----BEGIN CERTIFICATE');
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
  });

  test('is refused by a name that says what is wrong', async () => {
    const junk = join(folder.path, 'junk.pem');
    await writeFile(junk, 'not a certificate');
    const reasons: [cert: string, key: string, reason: string][] = [
      [join(folder.path, 'none.pem'), one.key, 'cannot read'],
      [one.cert, two.key, 'does not belong'],
      [junk, one.key, 'holds no certificate'],
      [one.cert, junk, 'holds no private key'],
      [one.key, one.cert, 'holds no certificate'],
    ];
    for (const [cert, key, reason] of reasons) {
      await expect(readCertificate({ cert, key })).rejects.toThrow(reason);
    }
  });
});

describe.skipIf(!usable)('a watch over certificate files', () => {
  test('leaves alone what has not changed', async () => {
    const { used, unusable, looks } = await setUp();
    await looks(5);
    expect([used, unusable]).toEqual([[], []]);
  });

  test('takes files that were written over', async () => {
    const { files, used, looks } = await setUp();
    await copyFile(two.cert, files.cert);
    await copyFile(two.key, files.key);
    await looks(2);
    expect(used.map(({ cert }) => cert)).toEqual([await Bun.file(two.cert).text()]);
    await looks(3);
    expect(used.length).toBe(1);
  });

  test('takes files that were renamed over the old ones', async () => {
    const { home, files, used, looks } = await setUp();
    await copyFile(two.cert, join(home, 'cert.new'));
    await copyFile(two.key, join(home, 'key.new'));
    await rename(join(home, 'cert.new'), files.cert);
    await rename(join(home, 'key.new'), files.key);
    await looks(2);
    expect(used.length).toBe(1);
  });

  test('takes files behind a symbolic link that was moved', async () => {
    const { home, clock } = await setUp();
    const [before, after] = [join(home, 'before'), join(home, 'after')];
    for (const [place, from] of [[before, one] as const, [after, two] as const]) {
      await mkdir(place);
      await copyFile(from.cert, join(place, 'tls.crt'));
      await copyFile(from.key, join(place, 'tls.key'));
    }
    const data = join(home, 'data');
    await symlink(before, data);
    const files = { cert: join(data, 'tls.crt'), key: join(data, 'tls.key') };
    const used: Certificate[] = [];
    const inUse = await readCertificate(files);
    const use = (certificate: Certificate) => void used.push(certificate);
    const watch = watchCertificate({ files, inUse, clock, use, unusable: () => {} });
    await symlink(after, `${data}.new`);
    await rename(`${data}.new`, data);
    await watch.check();
    expect(used.length).toBe(1);
    watch.stop();
  });

  test('does not trip over a renewal that has written the first of two files', async () => {
    const { files, used, unusable, looks } = await setUp();
    await copyFile(two.cert, files.cert);
    await looks(1);
    await copyFile(two.key, files.key);
    await looks(2);
    expect(used.length).toBe(1);
    expect(unusable).toEqual([]);
  });

  test('reports files that cannot be used once, and takes them when they are mended', async () => {
    const { files, used, unusable, looks } = await setUp();
    await writeFile(files.cert, 'half a certi');
    await looks(5);
    expect(used).toEqual([]);
    expect(unusable.length).toBe(1);
    await copyFile(two.cert, files.cert);
    await copyFile(two.key, files.key);
    await looks(2);
    expect(used.length).toBe(1);
  });

  test('looks at once when it is told to, and says what is wrong each time', async () => {
    const { files, used, watch } = await setUp();
    await watch.check();
    expect(used).toEqual([]);
    await copyFile(two.cert, files.cert);
    await expect(watch.check()).rejects.toThrow('does not belong');
    await expect(watch.check()).rejects.toThrow('does not belong');
    await copyFile(two.key, files.key);
    await watch.check();
    expect(used.length).toBe(1);
  });

  test('holds on to nothing once it is stopped', async () => {
    const { watch, clock } = await setUp();
    watch.stop();
    expect(clock.waiting).toBe(0);
  });
});
