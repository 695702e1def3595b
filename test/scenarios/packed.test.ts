/**
 * What travels packed between nodes, and what does not: over HTTP/1.1 and HTTP/2, through a shield of two workers, to nodes that
 * take it and to one that does not; what clients get is the same.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { web } from '../../src/index.ts';
import { signTier } from '../../src/node/tier.ts';
import {
  eventually,
  freePorts,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const names = ['origin', 'shield', 'pop', 'plain'] as const;
const json = (path: string, bytes: number) =>
  `["${path}"${Array.from({ length: bytes / 20 }, (_, nth) => `,"entry ${String((nth * 7919) % 99991).padStart(10)}"`).join('')}]`;

/** `/<kind>/<bytes>/<anything>`. */
function answerTo(path: string) {
  const [, kind = '', size = '0'] = path.split('/');
  const body = json(path, Number(size));
  const fields = { 'cache-control': 'max-age=600', 'content-type': 'application/json', etag: '"1"' };
  switch (kind) {
    case 'picture':
      return { headers: { ...fields, 'content-type': 'image/png' }, body };
    case 'gzip':
      return { headers: { ...fields, 'content-encoding': 'gzip' }, body: gzipSync(body) };
    case 'zstd':
      return { headers: { ...fields, 'content-encoding': 'zstd' }, body: zstdCompressSync(body) };
    case 'claims': // a server that pretends to be a node
      return {
        headers: { ...fields, 'content-encoding': 'zstd', 'meridian-packed': '5' },
        body: zstdCompressSync(body),
      };
    case 'private':
      return { headers: { ...fields, 'cache-control': 'private, max-age=600' }, body };
    case 'cookie':
      return { headers: { ...fields, 'set-cookie': 'a=b' }, body };
    case 'chunked':
      return { headers: fields, body, chunked: true };
    default:
      return { headers: fields, body };
  }
}

for (const http2 of [false, true]) {
  describe(http2 ? 'over HTTP/2' : 'over HTTP/1.1', () => {
    let upstream: Upstream;
    let network: TestNetwork;
    let firstPort: number;

    beforeAll(async () => {
      upstream = await startUpstream(({ path }) => answerTo(path));
      firstPort = await freePorts(names.length);
      const door = http2 ? { tierDoor: { http2 }, http2 } : {};
      const admin = (name: (typeof names)[number]) => ({ admin: { port: firstPort + names.indexOf(name) } });
      network = await startNetwork({
        nodes: {
          origin: { role: 'origin', ...door, ...admin('origin') },
          shield: { role: 'shield', parents: ['origin'], workers: 2, ...door, ...admin('shield') },
          pop: { role: 'pop', parents: ['shield'], ...admin('pop') },
          plain: { role: 'pop', parents: ['shield'], packs: false, ...admin('plain') },
        },
        routes: [web({ upstream: upstream.url, compress: false })],
      });
    }, 30_000);

    afterAll(async () => {
      await network?.stop();
      await upstream?.[Symbol.asyncDispose]();
    }, 30_000);

    async function get(pop: 'pop' | 'plain', path: string, headers: Record<string, string> = {}) {
      const response = await fetch(network.url(pop) + path, {
        headers: { 'accept-encoding': 'identity', ...headers },
        decompress: false,
      });
      return { response, bytes: Buffer.from(await response.bytes()) };
    }

    /** What a node has counted of it. */
    async function counted(name: (typeof names)[number], direction: string, form: string): Promise<number> {
      const text = await (await fetch(`http://127.0.0.1:${firstPort + names.indexOf(name)}/metrics`)).text();
      return text
        .split('\n')
        .filter((line) => line.startsWith('meridian_packed_size_bytes_total{'))
        .filter((line) => line.includes(`"${direction}"`) && line.includes(`"${form}"`))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    }

    /** Asks the shield as another node does. */
    async function asNode(path: string, fields: Record<string, string> = {}, method = 'GET') {
      const claim = { node: 'pop', route: 'web', background: false };
      const tier = signTier(network.secret, claim, method, path, Date.now());
      const response = await fetch(network.url('shield') + path, {
        method,
        headers: { 'accept-encoding': 'identity', 'meridian-tier': tier, ...fields },
        decompress: false,
      });
      return { response, bytes: Buffer.from(await response.bytes()) };
    }
    const takes = { 'meridian-packs': 'zstd' };

    for (const [what, size] of [
      ['short', 3000],
      ['long', 200_000],
      ['very long', 5_000_000],
    ] as const) {
      test(`what is ${what} is the same at its end, and shorter on each of its ways`, async () => {
        const path = `/json/${size}/${what.replace(' ', '-')}`;
        const before = await Promise.all([
          counted('pop', 'received', 'plain'),
          counted('pop', 'received', 'packed'),
        ]);
        const { response, bytes } = await get('pop', path);
        expect([response.status, response.headers.get('content-encoding')]).toEqual([200, null]);
        expect(bytes.toString()).toBe(json(path, size));
        expect(response.headers.has('meridian-packed')).toBe(false);
        await eventually('it to be stored, with its length as it was', async () => {
          const again = await get('pop', path);
          return again.response.headers.get('content-length') === String(bytes.length);
        });
        expect((await counted('pop', 'received', 'plain')) - (before[0] ?? 0)).toBe(bytes.length);
        const packed = (await counted('pop', 'received', 'packed')) - (before[1] ?? 0);
        expect(packed).toBeLessThan(bytes.length / 2);
        // Out of the shield's memory or disk.
        expect((await get('plain', path)).bytes.equals(bytes)).toBe(true);
        const { response: answer, bytes: frame } = await asNode(path, takes);
        expect(answer.headers.get('content-encoding')).toBe('zstd');
        expect(answer.headers.get('meridian-packed')).toBe(String(bytes.length));
        expect(answer.headers.get('cache-status')).toContain('hit');
        expect(zstdDecompressSync(frame).equals(bytes)).toBe(true);
      });
    }

    test('what is counted as sent is what is received', async () => {
      for (const form of ['plain', 'packed']) {
        await eventually('the last bytes to be counted', async () => {
          const sent = await counted('origin', 'sent', form);
          return sent > 0 && sent === (await counted('shield', 'received', form));
        });
      }
      expect(await counted('plain', 'received', 'packed')).toBe(0);
    });

    test('a body of which nobody knows the length is packed, and is whole', async () => {
      const path = '/chunked/300000/unknown';
      const { bytes } = await get('pop', path);
      expect(bytes.toString()).toBe(json(path, 300_000));
    });

    test('a node that does not ask for it gets what there is', async () => {
      const path = '/json/20000/unasked';
      const { response, bytes } = await asNode(path);
      expect([response.headers.get('content-encoding'), response.headers.get('meridian-packed')]).toEqual([
        null,
        null,
      ]);
      expect(bytes.toString()).toBe(json(path, 20_000));
    });

    for (const kind of ['picture', 'private', 'cookie', 'gzip', 'zstd']) {
      test(`what is ${kind} goes as it is`, async () => {
        const path = `/${kind}/20000/as-it-is`;
        const { response } = await asNode(path, { ...takes, 'accept-encoding': 'zstd, gzip' });
        expect(response.status).toBe(200);
        expect(response.headers.get('meridian-packed')).toBeNull();
        const upstreams = answerTo(path);
        const { bytes } = await get('pop', path, { 'accept-encoding': 'zstd, gzip' });
        expect(bytes.equals(Buffer.from(upstreams.body))).toBe(true);
      });
    }

    test('what one client alone may see, and what saves no packet, goes as it is', async () => {
      const mine = await asNode('/json/20000/mine', { ...takes, cookie: 'a=b' });
      const tiny = await asNode('/json/500/tiny', takes);
      for (const { response } of [mine, tiny]) expect(response.headers.has('meridian-packed')).toBe(false);
    });

    test('a server is not believed to be a node', async () => {
      const path = '/claims/20000/believed';
      const { response, bytes } = await get('pop', path, { 'accept-encoding': 'zstd' });
      expect(response.headers.get('content-encoding')).toBe('zstd');
      expect(zstdDecompressSync(bytes).toString()).toBe(json(path, 20_000));
    });

    test('nor is a client', async () => {
      const path = '/json/20000/client';
      const { response, bytes } = await get('pop', path, takes);
      expect([response.headers.get('content-encoding'), response.headers.get('meridian-packed')]).toEqual([
        null,
        null,
      ]);
      expect(bytes.toString()).toBe(json(path, 20_000));
    });

    test('parts, conditions and heads are of what is not packed', async () => {
      const path = '/json/20000/parts';
      const whole = json(path, 20_000);
      await asNode(path, takes);
      const part = await asNode(path, { ...takes, range: 'bytes=100-199' });
      expect([part.response.status, part.bytes.toString()]).toEqual([206, whole.slice(100, 200)]);
      const head = await asNode(path, takes, 'HEAD');
      expect(head.response.headers.get('content-length')).toBe(String(whole.length));
      expect(head.response.headers.has('meridian-packed')).toBe(false);
      const known = await asNode(path, { ...takes, 'if-none-match': '"1"' });
      expect([known.response.status, known.response.headers.has('meridian-packed')]).toEqual([304, false]);
      const ranged = await get('pop', path, { range: 'bytes=-10' });
      expect([ranged.response.status, ranged.bytes.toString()]).toEqual([206, whole.slice(-10)]);
    });

    test('what is written slowly is read as it is written', async () => {
      // Whoever waited for all of it would wait for longer than a test may take.
      upstream.fault({ as: 'slow', bytesPerSecond: 2000 }, ({ path }) => path.includes('slowly'));
      const response = await fetch(`${network.url('pop')}/chunked/100000/slowly`, {
        headers: { 'accept-encoding': 'identity' },
      });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const { value } = await reader.read();
      expect(Buffer.from(value ?? []).toString()).toStartWith('["/chunked');
      await reader.cancel();
      upstream.fault(null);
    });

    test('what comes behind interim responses is packed in their envelope', async () => {
      const path = '/json/100000/interim';
      const body = json(path, 100_000);
      const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: max-age=600\r\ncontent-length: ${body.length}`;
      const bytes = `HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n${head}\r\n\r\n${body}`;
      const then = 'close';
      upstream.fault({ as: 'says', bytes, then }, (request) => request.path === path);
      const before = await counted('pop', 'received', 'plain');
      expect((await get('pop', path)).bytes.toString()).toBe(body);
      expect((await counted('pop', 'received', 'plain')) - before).toBe(body.length);
      upstream.fault(null);
    });

    test('what is cut off upstream is not whole anywhere, and not kept', async () => {
      for (const kind of ['json', 'chunked']) {
        const path = `/${kind}/400000/cut`;
        upstream.fault({ as: 'cut', afterBytes: 200_000 }, (request) => request.path === path);
        const failed = get('pop', path).then(
          ({ response, bytes }) => response.status >= 500 || bytes.length < 200_000 * 2,
          () => true,
        );
        expect(await failed).toBe(true);
        upstream.fault(null);
        expect((await get('pop', path)).bytes.toString()).toBe(json(path, 400_000));
      }
    });
  });
}
