/**
 * Pages that say what they need: while a PoP has a page confirmed, a browser is told what that was the last time, and asks for it meanwhile;
 * and what is foreseen of a page is what a browser asks for. With Chromium over HTTP/2, since it heeds no hints over HTTP/1.1.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { web } from '../../src/index.ts';
import { web as protocolOf } from '../../src/protocols/web/web.ts';
import { browserProblem, launchBrowser } from '../support/browser.ts';
import { exchange } from '../support/builders.ts';
import { makeCertificate, noOpenssl } from '../support/certificate.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  temporary,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import type { UpstreamAnswer, UpstreamRequest } from '../support/upstream.ts';
import { within } from '../support/wait.ts';

const folder = temporary('early-hints');
const hasTls = available('openssl', noOpenssl);
const link = '</a.css>; rel=preload; as=style, </next>; rel=next';
let upstream: Upstream;
let network: TestNetwork;
let tlsUrl: string;
/** What a request waits for at the upstream, once it has been noted. */
let holding: (request: UpstreamRequest) => Promise<void> | undefined;
/** Of `/listed`. */
let listed = '';

beforeAll(async () => {
  upstream = await startUpstream(async (request) => {
    await holding(request);
    return answerTo(request);
  });
  const certificate = hasTls ? await makeCertificate(folder.path) : null;
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: {
        // What the upstream is asked for, browsers ask for.
        ...{ role: 'pop', parents: ['shield'], informational: true, predict: false },
        ...(certificate && { tierDoor: { tls: certificate, http2: true, informational: true } }),
      },
      plain: { role: 'pop', parents: ['shield'] },
    },
    routes: [web({ name: 'pages', upstream: upstream.url })],
  });
  const { default: written } = await import(network.configFile);
  tlsUrl = `https://127.0.0.1:${written.nodes.pop.listen[0].port}`;
}, 60_000);

beforeEach(() => {
  holding = () => undefined;
  upstream.forget();
});

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}, 30_000);

/** Pages that have to be confirmed each time, and what they need, which is not kept. */
function answerTo({ path, headers }: UpstreamRequest): UpstreamAnswer {
  if (path.startsWith('/page/')) {
    const fields = { 'cache-control': 'no-cache', etag: '"1"', link, 'x-page': 'yes' };
    if (headers.get('if-none-match') === '"1"') return { status: 304, headers: fields };
    return {
      headers: { ...fields, 'content-type': 'text/html' },
      body: '<!doctype html><title>page</title>',
    };
  }
  if (path === '/fresh')
    return { headers: { 'cache-control': 'max-age=600', link, 'content-type': 'text/html' }, body: 'x' };
  if (path === '/kept.css')
    return { headers: { 'cache-control': 'max-age=600', 'content-type': 'text/css' }, body: 'a{}' };
  if (path === '/kept') {
    const fields = {
      'cache-control': 'no-cache',
      link: '</kept.css>; rel=preload; as=style',
      'content-type': 'text/html',
    };
    return { headers: fields, body: 'x' };
  }
  if (path === '/dir/listed') {
    const fields = { 'cache-control': 'no-store', link: listed, 'content-type': 'text/html' };
    return { headers: fields, body: '<!doctype html><title>listed</title><link rel="icon" href="data:,">' };
  }
  return { headers: { 'cache-control': 'no-store', 'content-type': 'text/plain' }, body: '' };
}

const navigation = 'Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n';

/** The heads of all that a PoP says to a GET over HTTP/1.1, the interim ones first. */
async function heads(node: string, path: string, fields = navigation): Promise<readonly string[]> {
  const socket = connect({ port: network.node(node).port, host: '127.0.0.1' });
  let all = '';
  socket.on('data', (piece) => {
    all += piece.toString('latin1');
  });
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${fields}\r\n`);
  await within(10_000, 'the end', ended);
  return all.split(/(?<=\r\n\r\n)(?=HTTP\/1\.1 )/).map((each) => each.slice(0, each.indexOf('\r\n\r\n')));
}

describe('a browser that waits for a page', () => {
  test('hears what it needed the last time, and nothing else of it', async () => {
    expect(await heads('pop', '/page/1')).toHaveLength(1);
    const [hints, answer, ...others] = await heads('pop', '/page/1');
    expect(hints).toBe('HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload; as=style');
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*\r\nx-page: yes/is);
    expect(others).toEqual([]);
  });

  test('hears it before anybody beyond the PoP has answered', async () => {
    await heads('pop', '/page/2');
    const { promise, resolve } = Promise.withResolvers<void>();
    holding = () => promise;
    const socket = connect({ port: network.node('pop').port, host: '127.0.0.1' });
    let all = '';
    socket.on('data', (piece) => {
      all += piece.toString('latin1');
    });
    socket.write(`GET /page/2 HTTP/1.1\r\nHost: h\r\n${navigation}\r\n`);
    await eventually('hints', () => all.includes('103 Early Hints'));
    expect(all).not.toContain('200 OK');
    resolve();
    await eventually('the answer', () => all.includes('200 OK'));
    socket.destroy();
  });

  test('hears nothing where the page is there at once', async () => {
    await heads('pop', '/fresh');
    expect(await heads('pop', '/fresh')).toEqual([
      expect.stringMatching(/^HTTP\/1\.1 200 .*cache-status: .*hit/is),
    ]);
  });

  test('hears nothing at a listener that sends no interim responses', async () => {
    await heads('plain', '/page/3');
    expect(await heads('plain', '/page/3')).toHaveLength(1);
  });
});

test('whoever is no browser on its way to a page waits in silence', async () => {
  await heads('pop', '/page/4');
  expect(await heads('pop', '/page/4', '')).toHaveLength(1);
  expect(await heads('pop', '/page/4', 'Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n')).toHaveLength(1);
});

test('what a page says that it needs is at the PoP, for browsers alone', async () => {
  const ask = (path: string, headers: Record<string, string>) =>
    fetch(network.url('plain') + path, { headers });
  const isKept = async () => (await ask('/kept.css', { 'cache-control': 'only-if-cached' })).status === 200;
  await ask('/kept', {});
  expect(await isKept()).toBe(false);
  await ask('/kept', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' });
  await eventually('the style sheet', isKept);
});

describe.skipIf(!hasTls)('over HTTP/2', () => {
  test('hints come before the answer with curl', async () => {
    const curl = async () => {
      const fields = ['-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document'];
      const command = ['curl', '-sk', '--http2', '-o', '/dev/null', '-D', '-', ...fields, `${tlsUrl}/page/5`];
      return (await new Response(Bun.spawn(command, { stdout: 'pipe' }).stdout).text()).match(
        /^HTTP\/\S+ \d+|^link: .*$/gim,
      );
    };
    await curl();
    const hinted = ['HTTP/2 103', 'link: </a.css>; rel=preload; as=style'];
    expect((await curl())?.map((line) => line.trim()).slice(0, 3)).toEqual([...hinted, 'HTTP/2 200']);
  });

  describe.skipIf(!available('a browser', browserProblem))('Chromium', () => {
    test('asks for what it is hinted at before the page has come', async () => {
      await using chromium = await launchBrowser();

      /** Whether the style sheet was asked for while the page was held back. */
      async function isHeeded(path: string): Promise<boolean> {
        holding = () => undefined;
        // In Chromium's own words, so that it is this one that it finds stored.
        const headers = { 'accept-encoding': 'gzip, deflate, br, zstd' };
        await fetch(tlsUrl + path, { headers, tls: { rejectUnauthorized: false } });
        const held = Promise.withResolvers<void>();
        const asked = Promise.withResolvers<true>();
        holding = (request) => {
          if (request.path === path) return held.promise;
          if (request.path === '/a.css') asked.resolve(true);
          return undefined;
        };
        const page = await chromium.browser.newPage();
        const gone = page.goto(tlsUrl + path);
        const heeded = within(3_000, 'the style sheet', asked.promise).catch(() => false as const);
        const isHeeded = await heeded;
        held.resolve();
        await gone;
        await page.close();
        return isHeeded;
      }

      // It is at liberty not to, and lets about one of eight pass; without a hint it never asks.
      const tries = Array.from({ length: 6 }, (_, at) => `/page/6${at}`);
      await eventually('a hint to be heeded', async () => isHeeded(tries.shift() ?? '/page/none'), {
        withinMs: 30_000,
      });
    }, 60_000);

    test('asks for what is foreseen of a page, in these words, and for nothing else that it names', async () => {
      listed = everything.join(', ');
      await using chromium = await launchBrowser();
      const page = await chromium.browser.newPage();
      await page.goto(`${tlsUrl}/dir/listed`, { waitUntil: 'networkidle0' });
      await eventually('what is fetched last', () => upstream.count('/later') === 1);
      const seen = upstream.requests().filter(({ path }) => path !== '/favicon.ico');
      const [first, ...others] = seen;
      expect(first?.path).toBe('/dir/listed');
      const { foresight, name } = protocolOf(
        {
          upstream: upstream.url,
          freshness: {},
          negative: { statuses: [] },
          compress: false,
          setCookie: 'store',
        },
        { route: 'pages', prefix: '', role: 'pop' },
      );
      const asked = exchange({
        target: '/dir/listed',
        base: tlsUrl,
        headers: first?.headers ?? new Headers(),
      });
      const foreseen = foresight?.fields?.(name(asked), new Headers({ link: listed }), asked) ?? [];
      const byTarget = ([one]: readonly string[], [other]: readonly string[]) =>
        String(one) < String(other) ? -1 : 1;
      const words = foreseen.map(({ target, accept = first?.headers.get('accept') ?? '' }) => [
        target,
        accept,
      ]);
      expect(words.sort(byTarget)).toEqual(
        others.map(({ target, headers }) => [target, headers.get('accept') ?? '']).sort(byTarget),
      );
    }, 60_000);
  });
});

/** All sorts of links, of which a browser takes some. */
const everything = [
  '</style.css>; rel=preload; as=style',
  '</script.js>; rel=preload; as=script; crossorigin',
  '</font.woff2>; rel=preload; as=font; crossorigin; type="font/woff2"',
  '</image.png>; rel=preload; as=image',
  '</data.json>; rel=preload; as=fetch; crossorigin',
  '</track.vtt>; rel=preload; as=track',
  '</module.js>; rel=modulepreload',
  '</module.css>; rel=modulepreload; as=style',
  '</module.json>; rel=modulepreload; as=json',
  '<relative.css?a=1,2#part>; rel="preload"; as="style"; title="a, b; c"',
  '</upper.css>; REL=PRELOAD; AS=STYLE',
  '</screen.css>; rel=preload; as=style; media=screen',
  '</modern.webp>; rel=preload; as=image; type=image/webp',
  '</both.css>; rel="stylesheet preload"; as=style',
  '</later>; rel=prefetch',
  '</video.mp4>; rel=preload; as=video',
  '</document.html>; rel=preload; as=document',
  '</nothing>; rel=preload',
  '</bogus>; rel=preload; as=bogus',
  '</sheet.css>; rel=stylesheet',
  '</print.css>; rel=preload; as=style; media=print',
  '</odd.xyz>; rel=preload; as=image; type=image/x-nothing',
  '</other.css>; rel=preload; as=style; anchor="/other"',
  '</worker.js>; rel=preload; as=worker',
  '</next>; rel=next',
];
