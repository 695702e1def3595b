/**
 * A PoP of two machines with two workers each, whose members reach each other over TLS alone, each with a certificate: the right
 * one, a stranger's, none, one that is renewed. It is one cache as it is without, and loses nothing when its machines are restarted.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { copyFile } from 'node:fs/promises';
import { systemClock } from '../../src/clock.ts';
import { MeridianError } from '../../src/errors.ts';
import { parseCacheStatus } from '../../src/http/cache-status.ts';
import { type ClientTlsFiles, readClientTls } from '../../src/http/client/tls.ts';
import { request } from '../../src/http/client.ts';
import { web } from '../../src/index.ts';
import { hopField, ownWord, signHop } from '../../src/ring/hop.ts';
import {
  makeAuthority,
  noOpenssl,
  shownCertificate,
  type TestAuthority,
  type TestCertificate,
} from '../support/certificate.ts';
import {
  eventually,
  freePorts,
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import { temporary } from '../support/temporary.ts';

const names = ['lhr-1', 'lhr-2'] as const;
const timeouts = { firstByteMs: 20_000, betweenBytesMs: 20_000 };
/** How long that takes is not what is shown, and the machine may have other work to do. */
const patient = { withinMs: 40_000 };

describe.skipIf(!available('openssl', noOpenssl))('a ring over TLS', () => {
  const folder = temporary('ring-tls');
  let ours: TestAuthority;
  let others: TestAuthority;
  let one: TestCertificate;
  let stranger: TestCertificate;
  let upstream: Upstream;
  let network: TestNetwork;
  let ringPort: number;
  /** What the upstream holds a cold answer back for. */
  let held: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    ours = await makeAuthority(folder.path, 'ours');
    others = await makeAuthority(folder.path, 'others');
    one = await ours.issue('one');
    const two = await ours.issue('two');
    stranger = await others.issue('stranger');
    upstream = await startUpstream(async ({ path }) => {
      if (path.startsWith('/cold')) await held;
      return { headers: { 'cache-control': 'max-age=600' }, body: bodyOf(path) };
    });
    const ports = [await freePorts(2), await freePorts(2), await freePorts(1)] as const;
    ringPort = ports[0];
    const pop = (port: number, own: TestCertificate, workers = 2) => ({
      role: 'pop' as const,
      parents: ['origin'],
      workers,
      tls: { ...own, ca: ours.ca },
      ring: { name: 'lhr', port, checkMs: 250, goneS: 600, tls: { ...own, clientCa: ours.ca } },
    });
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin' },
        'lhr-1': pop(ports[0], one),
        'lhr-2': pop(ports[1], two),
        // By the config a member like the others, but for who has signed its certificate.
        'lhr-3': pop(ports[2], stranger, 1),
      },
      routes: [web({ upstream: upstream.url })],
    });
    for (const name of names) await eventually('four members', async () => (await upAt(name)).length === 4);
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  }, 40_000);

  /** Of 100 bytes to 200 kB, and different for each path. */
  function bodyOf(path: string): string {
    const size = 100 + (Number(Bun.hash.crc32(path)) % 200_000);
    return `${path} `.repeat(Math.ceil(size / (path.length + 1)));
  }

  async function upAt(node: string): Promise<readonly string[]> {
    const { ring } = await network.node(node).status();
    return (ring?.members ?? []).filter(({ isUp }) => isUp).map(({ name }) => name);
  }

  async function ask(node: string, path: string): Promise<{ text: string; owner: string | undefined }> {
    const response = await fetch(network.url(node) + path, { keepalive: false });
    const detail = parseCacheStatus(response.headers.get('cache-status') ?? '').at(-1)?.detail;
    const owner = detail?.startsWith('owner:') ? detail.slice('owner:'.length) : undefined;
    return { text: `${response.status} ${await response.text()}`, owner };
  }

  /** A sign of life, asked for as a member does, with the network's own secret. */
  async function signOfLife(shown: ClientTlsFiles): Promise<number> {
    const headers = new Headers({
      [hopField]: signHop(network.secret, ownWord('lhr-9.1'), 'GET', '/', Date.now()),
    });
    const { signal } = new AbortController();
    const tls = await readClientTls(shown);
    const options = { method: 'GET', headers, timeouts, clock: systemClock, direct: true, signal, tls };
    return (await request(`https://127.0.0.1:${ringPort}/`, options)).status;
  }

  test('hands over what another machine keeps, once to the upstream, each byte right', async () => {
    const owners = new Set<string | undefined>();
    for (let at = 0; at < 60; at++) {
      const path = `/spread/${at}`;
      for (const node of [...names, ...names]) {
        const { text, owner } = await ask(node, path);
        expect(text).toBe(`200 ${bodyOf(path)}`);
        owners.add(owner);
      }
      expect(upstream.count(path)).toBe(1);
    }
    owners.delete(undefined);
    expect([...owners].toSorted()).toEqual(['lhr-1.1', 'lhr-1.2', 'lhr-2.1', 'lhr-2.2']);
  }, 30_000);

  test('asks its parent once for what two thousand clients of both want at the same moment', async () => {
    const release = Promise.withResolvers<void>();
    held = release.promise;
    const asked = Array.from({ length: 2_000 }, async (_, at) => {
      const { signal } = new AbortController();
      const headers = new Headers({ connection: 'close' });
      const options = { method: 'GET', headers, timeouts, clock: systemClock, signal, direct: true };
      const { status, body } = await request(`${network.url(names[at % 2]!)}/cold/one`, options);
      return `${status} ${await new Response(body).text()}`;
    });
    await eventually('the upstream to be asked', () => upstream.count('/cold/one') > 0);
    const seen = await network.during(async () => {
      release.resolve();
      return new Set(await Promise.all(asked));
    });
    expect([...seen.result]).toEqual([`200 ${bodyOf('/cold/one')}`]);
    expect(seen.asked('origin')).toHaveLength(1);
  }, 30_000);

  test('answers who has the secret and the right certificate, and neither a stranger nor who shows none', async () => {
    expect(await signOfLife({ ...one, ca: ours.ca })).toBe(204);
    for (const shown of [{ ...stranger, ca: ours.ca }, { ca: ours.ca }])
      await expect(signOfLife(shown)).rejects.toThrow(MeridianError);
    await expect(signOfLife({ ...one, ca: others.ca })).rejects.toThrow(MeridianError);
  });

  test('speaks nothing but TLS there', async () => {
    await expect(fetch(`http://127.0.0.1:${ringPort}/`)).rejects.toThrow();
  });

  test('passes over a member with a certificate that nobody knows, says why, and is served all the same', async () => {
    for (const name of names) expect(await upAt(name)).not.toContain('lhr-3.1');
    expect(await upAt('lhr-3')).toEqual(['lhr-3.1']);
    expect(network.node('lhr-1').process.output()).toMatch(/passed over.*lhr-3\.1/);
    await eventually('the reason', () =>
      network.node('lhr-3').process.output().includes('may not accept the certificate of this node'),
    );
    for (let at = 0; at < 40; at++) {
      const path = `/stranger/${at}`;
      expect((await ask('lhr-3', path)).text).toBe(`200 ${bodyOf(path)}`);
    }
  });

  /** Clients that go to the other machine where one takes no connection. What was sent is not sent again. */
  function load(clients: number) {
    let isOver = false;
    let answered = 0;
    const failed: string[] = [];
    async function once(node: string, path: string): Promise<void> {
      const { signal } = new AbortController();
      const options = { method: 'GET', headers: new Headers(), timeouts, clock: systemClock, direct: true };
      const { status, body } = await request(network.url(node) + path, { ...options, signal });
      const text = await new Response(body).text();
      if (`${status} ${text}` !== `200 ${bodyOf(path)}`)
        failed.push(`${path}: ${status} ${text.slice(0, 200)}`);
    }
    async function client(nth: number): Promise<void> {
      for (let at = nth; !isOver; at++) {
        const path = `/load/${(at * 7 + nth) % 120}`;
        const [first, second] = at % 2 === 0 ? names : [names[1], names[0]];
        await once(first, path)
          .catch((error) => {
            if (!isRefused(error)) throw error;
            return once(second, path);
          })
          .catch((error) => void failed.push(`${path}: ${error}`));
        answered++;
      }
    }
    const all = Promise.all(Array.from({ length: clients }, (_, nth) => client(nth)));
    return {
      answered: () => answered,
      async stop() {
        isOver = true;
        await all;
        return { answered, failed };
      },
    };
  }

  test('shows a renewed certificate from the next reload on, and no request fails', async () => {
    const renewed = await ours.issue('renewed');
    const running = load(8);
    await eventually('some answers', () => running.answered() > 200);
    await copyFile(renewed.cert, one.cert);
    await copyFile(renewed.key, one.key);
    const reload = await runMeridian(['reload', '--config', network.configFile], { cwd: network.dir });
    expect(reload.code).toBe(0);
    const mark = running.answered();
    await eventually('more answers', () => running.answered() > mark + 300);
    const { answered, failed } = await running.stop();
    console.info(`a certificate is renewed: ${answered} requests, ${failed.length} failed`);
    expect(failed).toEqual([]);
    expect((await shownCertificate(ringPort)).name).toBe('renewed');
    for (const name of names) await eventually('all to be up', async () => (await upAt(name)).length === 4);
  }, 60_000);

  test('loses nothing when its machines are restarted one after the other', async () => {
    const running = load(12);
    for (const [round, name] of [...names, ...names].entries()) {
      const other = names[(round + 1) % 2]!;
      const mark = running.answered() + 300;
      await eventually('some answers', () => running.answered() > mark, patient);
      expect(await network.node(name).stop()).toBe(0);
      await network.node(name).restart();
      await eventually('it to be back', async () => (await upAt(other)).length === 4, patient);
    }
    const { answered, failed } = await running.stop();
    console.info(`four restarts: ${answered} requests, ${failed.length} failed`);
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(1_200);
  }, 240_000);
});

function isRefused(error: unknown): boolean {
  const cause = error instanceof MeridianError ? error.cause : null;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}
