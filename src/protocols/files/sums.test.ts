import { expect, test } from 'bun:test';
import { digestIn } from './sums.ts';

const sha256 = 'ab'.repeat(32);
const sha1 = 'cd'.repeat(20);
const digest = { algorithm: 'sha256', value: Buffer.from(sha256, 'hex').toString('base64') } as const;

test('every form in which programs write check sums is read', () => {
  const lists = [
    `${sha256}  disk.iso\n`,
    `${sha256} *disk.iso\r\n`,
    `${sha256}  ./images/disk.iso\n`,
    `SHA256 (disk.iso) = ${sha256.toUpperCase()}\n`,
    `${sha256}\n`,
    `-----BEGIN PGP SIGNED MESSAGE-----\n\n${'00'.repeat(32)}  other.iso\n${sha256}  disk.iso\n`,
    `${sha1}  disk.iso\n${sha256}  disk.iso\n`,
  ];
  for (const list of lists) expect([list, digestIn(list, 'disk.iso')]).toEqual([list, digest]);
});

test('what says nothing of a file says nothing', () => {
  for (const list of [
    '',
    `${sha256}  other.iso`,
    `${sha256}  disk.iso.sig`,
    'no sums',
    `${sha256.slice(1)}  disk.iso`,
  ])
    expect([list, digestIn(list, 'disk.iso')]).toEqual([list, null]);
});
