/** A layer that is longer than any other request body may be, pushed through a PoP and a shield, in parts that broke off and went on. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';

const piece = new Uint8Array(2 ** 20);
const pieces = 100;

let network: TestNetwork;
let token: string;

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [oci({ hosted: { names: ['*'], public: ['*'] } })],
  });
  const all = { actions: ['read', 'publish'], routes: ['oci'], subjects: ['*'] } as const;
  ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
}, 30_000);

function send(
  method: string,
  target: string,
  body: RequestInit['body'] = null,
  fields: Record<string, string> = {},
): Promise<Response> {
  return fetch(new URL(target, network.url('pop')), {
    method,
    body,
    headers: { ...bearer(token), ...fields },
  });
}

/** Zeroes that are made as they are read. @param breaksAt the piece in which it fails. */
function zeroes(count: number, breaksAt = Number.POSITIVE_INFINITY): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent === breaksAt) controller.error(new Error('the client broke off'));
      else if (sent === count) controller.close();
      else controller.enqueue(piece);
      sent++;
    },
  });
}

/** Sends what is missing. */
async function goOn(place: string): Promise<Response> {
  const told = await send('GET', place);
  expect(told.status).toBe(204);
  const end = Number(told.headers.get('range')?.slice(2));
  const from = end === 0 ? 0 : end + 1;
  expect(from).toBeLessThanOrEqual(30 * piece.length);
  const left = pieces * piece.length - from;
  const range = { 'content-range': `${from}-${pieces * piece.length - 1}` };
  const rest = new Blob([
    new Uint8Array(left % piece.length),
    ...Array(Math.floor(left / piece.length)).fill(piece),
  ]);
  return send('PATCH', place, rest.stream(), range);
}

test('what is no layer is refused beyond the bound of other bodies', async () => {
  const refused = await send('PUT', '/v2/big/layer/manifests/v1', new Uint8Array(65 * piece.length));
  expect(refused.status).toBe(413);
});

test('a layer beyond the bound of other bodies arrives whole, and goes on where it broke off', async () => {
  const digest = digestOfZeroes(pieces);
  const begun = await send('POST', '/v2/big/layer/blobs/uploads/');
  const place = begun.headers.get('location') ?? '';
  await send('PATCH', place, zeroes(pieces, 30)).catch(() => null); // it breaks off, which is what this is about
  let resumed = 0;
  for (let patched = await goOn(place); patched.status !== 202; patched = await goOn(place)) {
    // What had been sent before it broke off was still being taken in.
    expect(patched.status).toBe(416);
    expect(++resumed).toBeLessThan(20);
  }
  const put = await send('PUT', `${place}?digest=${digest}`);
  expect(put.status).toBe(201);
  const got = await send('GET', `/v2/big/layer/blobs/${digest}`);
  expect(got.headers.get('docker-content-digest')).toBe(digest);
  let bytes = 0;
  for await (const chunk of got.body ?? []) bytes += chunk.length;
  expect(bytes).toBe(pieces * piece.length);
}, 60_000);

const longest = 384;
/** What a node may take more for a layer, however long it is. */
const mostBytes = 150 * 2 ** 20;

test('a long layer takes little memory at any node, sent in pieces as in one', async () => {
  const nodes = ['pop', 'shield', 'origin'].map((name) => network.node(name).process);
  const digest = digestOfZeroes(longest);
  const begun = await send('POST', '/v2/big/memory/blobs/uploads/');
  const place = begun.headers.get('location') ?? '';
  for (const way of ['in pieces', 'in one']) {
    const before = nodes.map((node) => {
      node.resetPeak();
      return node.memory().rssBytes;
    });
    if (way === 'in pieces') {
      expect((await send('PATCH', place, zeroes(longest))).status).toBe(202);
      expect((await send('PUT', `${place}?digest=${digest}`)).status).toBe(201);
    } else {
      const target = `/v2/big/whole/blobs/uploads/?digest=${digest}`;
      expect((await send('POST', target, zeroes(longest))).status).toBe(201);
    }
    const more = nodes.map((node, nth) => node.memory().peakBytes - (before[nth] ?? 0));
    expect([way, ...more.map((bytes) => bytes < mostBytes || bytes)]).toEqual([way, true, true, true]);
  }
}, 90_000);

function digestOfZeroes(count: number): string {
  const hasher = new Bun.CryptoHasher('sha256');
  for (let nth = 0; nth < count; nth++) hasher.update(piece);
  return `sha256:${hasher.digest('hex')}`;
}
