/**
 * Real timings: a browser loads a page of another server that has the PoP's script in it, and what it saw is in the PoP's
 * metrics and in the API. What is no beacon, comes too often, or from elsewhere, is refused, and nobody beyond is ever asked.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { rumAnswer } from '../../src/access/api/fleet-state.ts';
import { web } from '../../src/index.ts';
import { browserProblem, launchBrowser } from '../support/browser.ts';
import {
  eventually,
  freePort,
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';

let upstream: Upstream;
let network: TestNetwork;
let site: ReturnType<typeof startSite>;
let adminPort: number;

const clientBeaconsPerMinute = 20;

beforeAll(async () => {
  upstream = await startUpstream(() => ({
    headers: {
      'cache-control': 'max-age=600',
      'content-type': 'text/javascript',
      'timing-allow-origin': '*',
    },
    body: `/* ${'x'.repeat(50_000)} */`,
  }));
  site = startSite();
  adminPort = await freePort();
  network = await startNetwork({
    rum: { origins: [site.origin], clientBeaconsPerMinute },
    nodes: {
      origin: { role: 'origin' },
      pop: {
        role: 'pop',
        parents: ['origin'],
        admin: { port: adminPort },
        trustedProxies: ['127.0.0.1/32'],
      },
    },
    routes: [web({ name: 'assets', upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
  await site?.stop();
}, 30_000);

/** A web server of somebody else's, whose page has what stands in its query. */
function startSite() {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      const content = new URL(request.url).searchParams.get('content') ?? '';
      return new Response(`<!doctype html><title>a page</title><h1>a page</h1>${content}`, {
        headers: { 'content-type': 'text/html' },
      });
    },
  });
  return { origin: server.url.origin, stop: () => server.stop(true) };
}

const at = (path: string) => `${network.url('pop')}/.meridian/rum/${path}`;
const overview = async () => rumAnswer.parse(await network.node('origin').api('GET', '/rum'));

async function metric(line: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(line));
  return Number(found?.slice(found.lastIndexOf(' ')) ?? 0);
}

const taken = 'meridian_rum_beacons_total{node="pop",role="pop",outcome="taken"}';
const good = JSON.stringify({ v: 1, from: 'page', timings: [{ pop: 'pop', connect: 12, ttfb: 30 }] });

let clients = 0;
/** As from a client of its own, unless said otherwise. */
function tell(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const client = `198.51.${clients >> 8}.${clients++ & 255}`;
  return fetch(at('beacon'), { method: 'POST', body, headers: { 'x-forwarded-for': client, ...headers } });
}

describe.skipIf(!available('a browser', browserProblem))('a browser', () => {
  const pageWith = async (attributes = '') => {
    const { path, integrity } = (await overview()).script;
    const script = `<script async src="${network.url('pop')}${path}" integrity="${integrity}" crossorigin="anonymous" ${attributes}></script>`;
    const objects = [1, 2, 3].map(
      (each) => `<script src="${network.url('pop')}/object/${each}.js"></script>`,
    );
    return `${site.origin}/?content=${encodeURIComponent(script + objects.join(''))}`;
  };

  test('that shows a page with the script tells, when it leaves it, how it was served', async () => {
    const url = await pageWith();
    await using chromium = await launchBrowser();
    const page = await chromium.browser.newPage();
    await page.goto(url, { waitUntil: 'load' });
    expect(await metric(taken)).toBe(0);
    await page.goto('about:blank');
    await eventually('the beacon', async () => (await metric(taken)) === 1);
    expect(
      await metric('meridian_rum_duration_seconds_count{node="pop",role="pop",pop="pop",kind="ttfb"}'),
    ).toBe(4);
    await eventually('the origin to hear of it', async () => (await overview()).pops.length > 0, {
      withinMs: 20_000,
    });
    const { pops, networks } = await overview();
    expect(pops[0]).toMatchObject({ pop: 'pop', kinds: { ttfb: { count: expect.any(Number) } } });
    expect(networks).toMatchObject([{ network: '127.0.0.0/24', pop: 'pop' }]);
  }, 60_000);

  /** What is told by a page that is put into the background, and then left. */
  async function toldBy(attributes: string, first: string): Promise<string[]> {
    await using chromium = await launchBrowser();
    const page = await chromium.browser.newPage();
    await page.evaluateOnNewDocument(`${first}
      globalThis.told = [];
      navigator.sendBeacon = (url, body) => told.push(url + ' ' + body);`);
    await page.goto(await pageWith(attributes), { waitUntil: 'load' });
    await page.evaluate(`
      Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
      document.dispatchEvent(new Event('visibilitychange'));
      dispatchEvent(new Event('pagehide'));`);
    return z.array(z.string()).parse(await page.evaluate('told'));
  }

  test('tells it once, in times and names of PoPs alone', async () => {
    const told = await toldBy('data-sample="100"', '');
    expect(told).toHaveLength(1);
    const [address = '', body = ''] = told[0]?.split(' ') ?? [];
    expect(address).toBe(at('beacon'));
    const { timings } = JSON.parse(body);
    expect(timings).toHaveLength(4); // the script itself, and three objects
    for (const timing of timings) expect(timing).toMatchObject({ pop: 'pop', ttfb: expect.any(Number) });
    expect(body).not.toMatch(/object|http|127\.0/);
  }, 60_000);

  for (const [who, attributes, wish] of [
    ['that is not to be tracked', '', 'Object.defineProperty(navigator, "doNotTrack", { get: () => "1" });'],
    [
      'with Global Privacy Control',
      '',
      'Object.defineProperty(navigator, "globalPrivacyControl", { get: () => true });',
    ],
    ['that is not in the sample', 'data-sample="0"', ''],
  ] as const)
    test(`${who} tells nothing`, async () => {
      expect(await toldBy(attributes, wish)).toEqual([]);
    }, 60_000);
});

describe('the script', () => {
  test('is for good under the name of its version, and is what its digest says', async () => {
    const { path, integrity } = (await overview()).script;
    const response = await fetch(network.url('pop') + path);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const digest = createHash('sha384')
      .update(await response.bytes())
      .digest('base64');
    expect(integrity).toBe(`sha384-${digest}`);
  });

  test('is found under one name, too, and not sent again to who has it', async () => {
    const first = await fetch(at('script.js'));
    const etag = first.headers.get('etag') ?? '';
    expect((await first.text()).length).toBeGreaterThan(500);
    const again = await fetch(at('script.js'), { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });
});

describe('a beacon', () => {
  test('is taken in without a word, kept by no cache, and nobody beyond is asked', async () => {
    const before = await metric(taken);
    const { result, asked } = await network.during(() => tell(good));
    expect(result.status).toBe(204);
    expect(result.headers.get('cache-control')).toBe('no-store');
    expect(result.headers.get('set-cookie')).toBeNull();
    expect(asked('origin')).toEqual([]);
    expect(await metric(taken)).toBe(before + 1);
  });

  test('that is none is refused with a reason', async () => {
    const refused: [string | Uint8Array<ArrayBuffer>, number, RegExp][] = [
      ['', 400, /not JSON/],
      ['{', 400, /not JSON/],
      ['[]', 400, /expected object/],
      [new Uint8Array([0xff, 0xfe, 0x00]), 400, /not JSON/],
      [good.replace('12', '-12'), 400, /timings\.0\.connect/],
      [good.replace('"pop":"pop"', '"pop":"nowhere"'), 400, /no timing names a PoP/],
      [good + ' '.repeat(9000), 413, /8192 bytes/],
    ];
    const before = await metric(taken);
    for (const [body, status, why] of refused) {
      const response = await tell(body);
      const { error } = (await response.json()) as { error: string };
      expect([response.status, error]).toEqual([status, expect.stringMatching(why)]);
    }
    expect(await metric(taken)).toBe(before);
  });

  test('of unknown length is not read beyond its bound', async () => {
    let given = 0;
    const endless = new ReadableStream({
      pull(controller) {
        given += 4096;
        controller.enqueue(new Uint8Array(4096));
        if (given > 64 * 2 ** 20) controller.close();
      },
    });
    const response = await fetch(at('beacon'), {
      ...{ method: 'POST', body: endless, headers: { 'x-forwarded-for': '203.0.113.5' } },
    }).catch(() => null); // the connection is closed on whoever goes on sending
    if (response !== null) expect(response.status).toBe(413);
    expect(given).toBeLessThan(32 * 2 ** 20);
  });

  test('of a reader who is not to be tracked is not taken in', async () => {
    const before = await metric(taken);
    expect((await tell(good, { dnt: '1' })).status).toBe(204);
    expect((await tell(good, { 'sec-gpc': '1' })).status).toBe(204);
    expect(await metric(taken)).toBe(before);
  });

  test('may be told by pages of the origins that are named, and by the PoP’s own', async () => {
    for (const origin of [site.origin, network.url('pop')]) {
      const response = await tell(good, { origin });
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      expect(response.headers.get('vary')).toBe('origin');
      const asked = await fetch(at('beacon'), {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      expect(asked.status).toBe(204);
      expect(asked.headers.get('access-control-allow-methods')).toBe('POST');
    }
    const wrong = await tell('{', { origin: site.origin });
    expect([wrong.status, wrong.headers.get('access-control-allow-origin')]).toEqual([400, site.origin]);
  });

  test('may be told by no other page', async () => {
    const before = await metric(taken);
    for (const origin of ['https://evil.example', 'null', `${site.origin}.evil.example`]) {
      const response = await tell(good, { origin });
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      const asked = await fetch(at('beacon'), { method: 'OPTIONS', headers: { origin } });
      expect(asked.status).toBe(403);
    }
    expect(await metric(taken)).toBe(before);
  });

  test('comes from one client only so often', async () => {
    const one = { 'x-forwarded-for': '192.0.2.200' };
    const statuses: number[] = [];
    for (let each = 0; each < 3 * clientBeaconsPerMinute; each++) {
      const response = await tell(good, one);
      statuses.push(response.status);
      if (response.status === 429) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(statuses.slice(0, clientBeaconsPerMinute)).not.toContain(429);
    expect(statuses.filter((status) => status === 204).length).toBeLessThanOrEqual(
      clientBeaconsPerMinute + 2,
    );
    expect((await tell(good)).status).toBe(204);
  });

  test('is a POST to one place', async () => {
    expect((await fetch(at('beacon'))).status).toBe(405);
    expect((await fetch(at('elsewhere'), { method: 'POST', body: good })).status).toBe(404);
  });
});

test('a network that does not ask for timings has no such place', async () => {
  await using plain = await startNetwork({
    nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
    routes: [web({ name: 'assets', match: { path: '/assets' }, upstream: upstream.url })],
  });
  const response = await fetch(`${plain.url('pop')}/.meridian/rum/beacon`, { method: 'POST', body: good });
  expect(response.status).toBe(404);
}, 30_000);

describe('meridian ping', () => {
  const ping = (...args: string[]) =>
    runMeridian(['ping', '--config', network.configFile, ...args], { cwd: network.dir });

  test('measures each PoP of the network, and shows a table', async () => {
    const { code, stdout } = await ping();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pop +status +dns +connect +tls +first byte +download +rate\n/);
    expect(stdout).toMatch(/\npop +200 +/);
  });

  test('tells the PoP what it has measured, when it is asked to', async () => {
    const before = await metric(taken);
    const { code, stdout } = await ping('--report', '--json', '--count', '2', 'pop');
    expect(code).toBe(0);
    const [line] = JSON.parse(stdout);
    expect(line).toMatchObject({ pop: 'pop', status: 200, bytes: 256 * 1024, reported: true });
    expect(line.connectMs).toBeGreaterThan(0);
    expect(line.ttfbMs).toBeGreaterThan(0);
    expect(await metric(taken)).toBe(before + 1);
  });

  test('says which PoP does not answer, with exit code 3', async () => {
    const port = await freePort();
    const { code, stdout } = await ping(`http://127.0.0.1:${port}`, 'pop');
    expect(code).toBe(3);
    expect(stdout).toMatch(/ECONNREFUSED|refused/i);
    expect(stdout).toMatch(/\npop +200 +/);
  });

  test('knows a word that is neither a PoP nor an address for what it is', async () => {
    const { code, stderr } = await ping('nowhere');
    expect(code).toBe(2);
    expect(stderr).toContain('pop');
  });
});
