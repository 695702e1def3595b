import { expect, test } from 'bun:test';
import { checksumOf, readChecksum } from './checksum.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const sha1 = checksumOf(bytesOf('x'), 'sha1');

test('a checksum is read in all the ways in which tools write it', () => {
  for (const text of [
    sha1,
    `${sha1}\n`,
    `  ${sha1.toUpperCase()}  lib-1.0.jar\r\n`,
    `SHA1 (lib-1.0.jar) = ${sha1}\n`,
    `SHA1(lib.jar)= ${sha1}`,
    sha1.replace(/(.{8})/g, '$1 '),
  ]) {
    expect(readChecksum(bytesOf(text), 'sha1')).toBe(sha1);
  }
});

test('what is none is not taken for one', () => {
  const page = `<html>${sha1}</html>`;
  for (const text of [
    '',
    'Not found',
    sha1.slice(1),
    `${sha1}0`,
    page,
    `z${sha1.slice(1)}`,
    `${sha1}${' '.repeat(5000)}`,
  ]) {
    expect(readChecksum(bytesOf(text), 'sha1')).toBeNull();
  }
  expect(readChecksum(bytesOf(sha1), 'sha256')).toBeNull();
});
