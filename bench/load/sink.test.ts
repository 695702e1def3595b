/** The load generator that looks away from the bytes still notices when there are too few of them. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fault, startUpstream, temporary, type Upstream } from '../../test/support/index.ts';
import { readPath } from '../objects.ts';
import type { SinkOptions, SinkReport } from './sink.ts';

const folder = temporary('sink');
let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream(({ path }) => ({
    body: Buffer.alloc(readPath(path)?.bytes ?? 0, 'x'),
    chunked: path.includes('chunked'),
  }));
});
afterAll(async () => {
  await upstream.off();
  folder[Symbol.dispose]();
});

async function sink(paths: readonly string[], options: SinkOptions, fault: Fault | null = null) {
  upstream.fault(fault);
  const list = join(folder.path, 'paths.txt');
  writeFileSync(list, `${paths.join('\n')}\n`);
  const program = join(import.meta.dirname, 'sink.ts');
  const child = Bun.spawn([process.execPath, program, String(upstream.port), list, JSON.stringify(options)], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  return (await child.stdout.json()) as SinkReport;
}

const linux = process.platform === 'linux';
const lengths = [0, 1, 1_000, 65_536, 300_000];

test.skipIf(!linux).each(['sized', 'chunked'])('counts bodies of all lengths, %s', async (how) => {
  const paths = lengths.map((bytes) => `/objects/${bytes}/${how}`);
  const report = await sink(paths, { connections: 2 });
  expect(report).toMatchObject({ answers: paths.length, bytes: 366_537, failures: {} });
});

test.skipIf(!linux)('asks again and again for as long as it is told to', async () => {
  const report = await sink(['/objects/1000/sized'], { connections: 3, seconds: 0.2 });
  expect(report.answers).toBeGreaterThan(3);
  expect(report.bytes).toBe(report.answers * 1_000);
  expect(report.p99Micros).toBeGreaterThan(0);
});

test.skipIf(!linux)(
  'is told by a query how long a body is whose path does not say it, and what it may be',
  async () => {
    upstream.forget();
    const report = await sink(['/empty?bytes=0', '/empty?bytes=7'], { connections: 1, accept: 'text/plain' });
    expect(report).toMatchObject({ answers: 1, failures: { 'a body of 0 bytes instead of 7': 1 } });
    expect(upstream.requests().map(({ headers }) => headers.get('accept'))).toEqual([
      'text/plain',
      'text/plain',
    ]);
  },
);

test.skipIf(!linux).each<[string, Fault, string]>([
  ['breaks off', { as: 'cut', afterBytes: 500 }, 'a connection that broke'],
  ['is shorter than it should be', { as: 'excess', announced: 500 }, 'a body of 500 bytes instead of 1000'],
  ['says that something is wrong', { as: 'status', status: 503 }, 'HTTP/1.1 503 Answer'],
])('does not count an answer that %s', async (_, fault, why) => {
  const report = await sink(['/objects/1000/sized'], { connections: 1 }, fault);
  expect(report).toMatchObject({ answers: 0, failures: { [why]: 1 } });
});
