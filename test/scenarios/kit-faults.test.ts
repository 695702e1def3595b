/**
 * Upstreams of packages and files fail in every way that a wire allows, for files whose digest is known, for files that nobody says anything of, for
 * files that may be replaced, and for indexes: nothing that is not right is served as a whole or kept, and what is kept is served instead.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { fileTree, pypi } from '../../src/index.ts';
import { wireFaults } from '../faults/wire.ts';
import {
  eventually,
  type Fault,
  noise,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { hexOf } from '../support/python-package.ts';
import { getRaw, type RawAnswer } from '../support/raw-client.ts';

const bodyBytes = 300_000;
const bodyAt = (path: string) => noise(path, bodyBytes);
const isIndex = (path: string) => path.startsWith('/simple/');
const projectOf = (path: string) => path.split('/')[2] ?? '';
/** A page that is long enough for faults in its body. */
const indexAt = (path: string) =>
  `<!DOCTYPE html><html><body>${Array.from({ length: 1_500 }, (_, nth) => {
    const file = `${projectOf(path)}-1.0.${nth}.tar.gz`;
    return `<a href="../../files/${file}#sha256=${hexOf(Buffer.from(file))}">${file}</a>\n`;
  }).join('')}</body></html>`;

let upstream: Upstream;
let network: TestNetwork;

/** Each tier a little longer than the one above, so that the cause is named. */
const timeouts = (ms: number) => ({ connectMs: ms / 2, firstByteMs: ms, betweenBytesMs: ms }) as const;

beforeAll(async () => {
  upstream = await startUpstream(({ path }) => {
    if (path.endsWith('/SHA256SUMS'))
      return path.startsWith('/listed/')
        ? { body: `${hexOf(Buffer.from(bodyAt(path.replace('SHA256SUMS', 'file.bin'))))}  file.bin\n` }
        : { status: 404 };
    if (isIndex(path)) return { headers: { 'content-type': 'text/html' }, body: indexAt(path) };
    return { headers: { 'content-type': 'application/octet-stream', etag: `"${path}"` }, body: bodyAt(path) };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', timeouts: timeouts(600) },
      shield: { role: 'shield', parents: ['origin'], timeouts: timeouts(1_200) },
      pop: { role: 'pop', parents: ['shield'], timeouts: timeouts(1_800) },
    },
    routes: [
      fileTree({
        upstreams: [{ url: upstream.url }],
        sums: ['SHA256SUMS'],
        immutable: ['listed/*', 'alone/*'],
        metadata: { freshS: 0, staleWhileRevalidateS: 0 },
      }),
      pypi({
        upstreams: [{ url: `${upstream.url}/simple` }],
        metadata: { freshS: 0, staleWhileRevalidateS: 0 },
      }),
    ],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

/** What is asked for, by what is known of it. The upstream's path is the one behind `/files` or `/pypi`. */
const kinds = {
  'a file whose digest is known': { path: (nth: number) => `/listed/${nth}/file.bin`, isKept: false },
  'a file that nobody says anything of': { path: (nth: number) => `/alone/${nth}/file.bin`, isKept: false },
  'a file that may be replaced': { path: (nth: number) => `/changing/${nth}.bin`, isKept: true },
  'an index': { path: (nth: number) => `/simple/thing${nth}/`, isKept: true },
} as const;

const get = (path: string) =>
  getRaw(network.url('pop') + (isIndex(path) ? '/pypi' : '/files') + path, {}, { lingerMs: 0 });
/** Where a client would take it for a complete, successful answer. */
const wholeOf = (answer: RawAnswer | null): RawAnswer | null =>
  answer?.status === 200 && answer.whole ? answer : null;
const wholeAt = async (path: string) => wholeOf(await get(path));

/** Whether it is what the upstream has, every byte. */
function isRight(path: string, { body }: RawAnswer): boolean {
  if (!isIndex(path)) return body.toString() === bodyAt(path);
  const text = body.toString();
  const files = [...text.matchAll(/#sha256=[0-9a-f]{64}/g)].length;
  return files === 1_500 && text.includes(`${projectOf(path)}-1.0.1499.tar.gz#sha256=`);
}

function described(answer: RawAnswer | null): string {
  if (answer === null) return 'the connection ended without an answer';
  const { start, body, whole, headers } = answer;
  return `${start}, ${headers.get('cache-status')}, ${body.length} bytes, ${whole ? 'whole' : 'broken off'}: ${body.subarray(0, 80)}`;
}

let paths = 0;

/** Codings have tests of their own. */
const faults = [
  ...wireFaults.filter(({ what }) => what !== 'a gzip body that is none'),
  // Nobody could tell these from right answers who does not know the digest.
  { what: 'one wrong bit', fault: () => ({ as: 'corrupt' }) as const },
  { what: 'more than it announces', fault: () => ({ as: 'excess', announced: 1_000 }) as const },
];
/** Of each sort one: what a tier does about the others does not depend on what is asked for. */
const someFaults: ReadonlySet<string> = new Set([
  ...['a reset before the head', 'silence in the head', 'something that is not HTTP', 'a reset in the body'],
  ...[
    'silence in the body',
    'all but the last byte',
    'a length that is too long',
    'chunks without a last one',
  ],
  ...['a 304 that was not asked for', 'a 206 that was not asked for', 'a 500', 'a slow drip'],
  'a redirection to itself',
]);

for (const [kind, { path: pathOf, isKept }] of Object.entries(kinds)) {
  describe(`${kind}, and the upstream gives`, () => {
    for (const { what, fault } of faults) {
      if (!someFaults.has(what) && kind !== 'a file whose digest is known') continue;
      test(`${what}, cold: nothing wrong is taken for right, or kept`, async () => {
        const path = pathOf(paths++);
        upstream.fault(
          fault(isIndex(path) ? indexAt(path) : bodyAt(path)),
          (request) => request.path === path,
        );
        const answer = await get(path);
        upstream.fault(null);
        const taken = wholeOf(answer);
        if (taken !== null) expect(isRight(path, taken), described(taken)).toBe(true);
        else if (answer !== null && answer.status < 300) expect(answer.whole, described(answer)).toBe(false);
        for (const _ of ['fetched', 'kept']) {
          const healed = await eventually('the right answer', () => wholeAt(path));
          expect(isRight(path, healed), described(healed)).toBe(true);
        }
      });

      if (!isKept) continue;
      test(`${what}, stale: what is kept is served`, async () => {
        const path = pathOf(paths++);
        expect(await wholeAt(path)).not.toBeNull();
        upstream.fault(
          fault(isIndex(path) ? indexAt(path) : bodyAt(path)),
          (request) => request.path === path,
        );
        const answer = await get(path);
        upstream.fault(null);
        const taken = wholeOf(answer);
        if (taken !== null) expect(isRight(path, taken), described(taken)).toBe(true);
        // A new body may break off when its head has been passed on.
        else expect([what, answer?.whole ?? false]).toEqual([what, false]);
        const healed = await eventually('the right answer', () => wholeAt(path));
        expect(isRight(path, healed), described(healed)).toBe(true);
      });
    }
  });
}

const absences: readonly Fault[] = [
  ...([
    { as: 'status', status: 500 },
    { as: 'status', status: 429 },
  ] as const),
  ...([{ as: 'reset' }, { as: 'garbage' }, { as: 'stall' }] as const),
];

test('a file whose list of sums cannot be had just now is not given out as if there were none', async () => {
  for (const [nth, fault] of absences.entries()) {
    const path = `/listed/sums-${nth}/file.bin`;
    const sums = path.replace('file.bin', 'SHA256SUMS');
    upstream.fault(fault, (request) => request.path === sums);
    const answer = await get(path);
    expect(answer?.status, described(answer)).toBeGreaterThanOrEqual(500);
    upstream.fault(null);
    await eventually('the right file', async () => {
      const next = await wholeAt(path);
      return next !== null && isRight(path, next);
    });
  }
}, 30_000);

describe('an upstream that codes what it was asked for plainly', () => {
  const coded = (body: string, then: 'close' | 'stall' = 'close'): Fault => {
    const packed = Buffer.from(Bun.gzipSync(Buffer.from(body))).toString('latin1');
    const head = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`;
    return { as: 'says', bytes: head + packed, then };
  };

  for (const [kind, { path: pathOf }] of Object.entries(kinds))
    test(`${kind} is right, or refused`, async () => {
      const path = pathOf(paths++);
      upstream.fault(coded(isIndex(path) ? indexAt(path) : bodyAt(path)), (request) => request.path === path);
      const answer = await wholeAt(path);
      upstream.fault(null);
      if (answer === null) return;
      const isCoded = answer.headers.get('content-encoding') === 'gzip';
      const body = isCoded ? Buffer.from(Bun.gunzipSync(new Uint8Array(answer.body))) : answer.body;
      expect(isRight(path, { ...answer, body }), described(answer)).toBe(true);
    });
});
