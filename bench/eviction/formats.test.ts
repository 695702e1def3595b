import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Format, readTrace } from './formats.ts';

async function read(content: Uint8Array | string, format: Format) {
  const folder = mkdtempSync(join(tmpdir(), 'trace-'));
  try {
    const path = join(folder, 'trace');
    writeFileSync(path, content);
    return await readTrace(path, format);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function record(timeS: number, object: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, timeS, true);
  view.setBigUint64(4, object, true);
  view.setUint32(12, size, true);
  view.setBigInt64(16, -1n, true);
  return bytes;
}

const far = 2n ** 64n - 1n;
const general = Buffer.concat([
  record(1, far, 4_000_000_000),
  record(2, 7n, 10),
  record(3, far, 4_000_000_000),
]);

test('reads oracleGeneral, objects and sizes of full width', async () => {
  const trace = await read(general, 'oracleGeneral');
  expect([...trace.objects]).toEqual([0, 1, 0]);
  expect([...trace.sizes]).toEqual([4_000_000_000, 10, 4_000_000_000]);
  expect(trace).toMatchObject({ population: 2, footprintBytes: 4_000_000_010, onceShare: 0.5 });
});

test('reads a compressed file as what is in it', async () => {
  for (const pack of [Bun.gzipSync, Bun.zstdCompressSync]) {
    expect([...(await read(pack(general), 'oracleGeneral')).objects]).toEqual([0, 1, 0]);
  }
});

test('reads ARC, a request for each block', async () => {
  const trace = await read('100 3 0 0\n101 1 0 1\n', 'arc');
  expect([...trace.objects]).toEqual([0, 1, 2, 1]);
  expect([...trace.sizes]).toEqual([512, 512, 512, 512]);
});

test('reads CSV, with a heading or without', async () => {
  for (const heading of ['', 'time,key,size\n']) {
    const trace = await read(`${heading}1,a/b,10\n2,c,0\r\n3,a/b,10`, 'csv');
    expect([...trace.objects]).toEqual([0, 1, 0]);
    expect([...trace.sizes]).toEqual([10, 1, 10]);
  }
});

test('says which line or record it can not read', async () => {
  await expect(read('1,a,10\n2,b\n', 'csv')).rejects.toThrow('Line 2');
  await expect(read('1 2 0 0\nx y 0 0\n', 'arc')).rejects.toThrow('Line 2');
  await expect(read(general.subarray(0, 30), 'oracleGeneral')).rejects.toThrow('24 bytes');
  await expect(read('', 'csv')).rejects.toThrow('no requests');
});
