/** Debian packages of a few bytes, made without Debian's tools: good ones, and what a test makes of them. */
import { gzipSync } from 'node:zlib';
import { headerOf, paddingOf } from '../../src/protocols/tar.ts';

/** One member of an `ar` archive. */
function member(name: string, bytes: Uint8Array): Buffer {
  const numbers = `${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}`;
  const header = `${name.padEnd(16)}${numbers}${String(bytes.length).padEnd(10)}\`\n`;
  return Buffer.concat([Buffer.from(header), bytes, Buffer.alloc(bytes.length % 2, 10)]);
}

/** A tar archive of one file. */
export function tarOf(path: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([
    ...[headerOf(path, bytes.length), bytes],
    ...[Buffer.alloc(paddingOf(bytes.length)), Buffer.alloc(1024)],
  ]);
}

/** @param control its second member, packed. */
export function debOf(control: Uint8Array, name = 'control.tar.gz', format = '2.0\n'): Buffer {
  const members = [member('debian-binary', Buffer.from(format)), member(name, control)];
  return Buffer.concat([Buffer.from('!<arch>\n'), ...members, member('data.tar.gz', gzipSync(''))]);
}

/** One that is as it should be. */
export function smallDeb(name: string, version: string, architecture = 'amd64'): Uint8Array<ArrayBuffer> {
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: ${architecture}\nDescription: small\n`;
  return new Uint8Array(debOf(gzipSync(tarOf('./control', control))));
}
