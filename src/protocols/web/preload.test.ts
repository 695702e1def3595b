import { describe, expect, test } from 'bun:test';
import { preloads } from './preload.ts';

const chromium =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const safari =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15';

interface Asked {
  readonly agent?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly prefix?: string;
  readonly target?: string;
}

function told(
  link: string | null,
  { agent = chromium, headers = {}, prefix = '', target = '/docs/page' }: Asked = {},
) {
  const page = {
    ...{ 'user-agent': agent, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    accept: 'text/html,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    ...headers,
  };
  const asked = { base: 'https://pop.example', target, headers: new Headers(page) };
  return preloads(link, asked, prefix);
}
const targets = (link: string, asked?: Asked) => told(link, asked).map(({ target }) => target);
const css = '; rel=preload; as=style';

describe('an address', () => {
  test('is resolved as a browser does, against the one that it has asked for', () => {
    expect(targets(`<a.css>${css}, <../b.css?c=1#d>${css}, </e.css>${css}`)).toEqual([
      '/docs/a.css',
      '/b.css?c=1',
      '/e.css',
    ]);
    expect(targets(`<https://pop.example/f.css>${css}`)).toEqual(['/f.css']);
  });

  test('of another host, another scheme, or a network’s own, is left out', () => {
    for (const one of [
      'https://cdn.example/a.css',
      '//cdn.example/a.css',
      'http://pop.example/a.css',
      'data:,x',
      'http://[',
      '/.meridian/v1/nodes',
    ])
      expect([one, targets(`<${one}>${css}`)]).toEqual([one, []]);
  });

  test('beside the route is left out, and so is the page itself', () => {
    expect(
      targets(`</docs/a.css>${css}, </a.css>${css}, </docs2/a.css>${css}, </docs>${css}`, {
        prefix: '/docs',
      }),
    ).toEqual(['/docs/a.css']);
    expect(targets(`<page>${css}`)).toEqual([]);
  });
});

describe('a browser asks', () => {
  test('for what is to be preloaded as something that it knows, in the words that it has for it', () => {
    const link = ['style', 'script', 'font', 'fetch', 'track', 'image'].map(
      (as) => `</${as}>; rel=preload; as=${as}; crossorigin`,
    );
    expect(told(link.join())).toEqual([
      { target: '/style', accept: 'text/css,*/*;q=0.1' },
      ...['/script', '/font', '/fetch', '/track'].map((target) => ({ target, accept: '*/*' })),
      { target: '/image', accept: 'image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8' },
    ]);
  });

  test('not for what it does not preload', () => {
    for (const as of ['', 'video', 'audio', 'document', 'worker', 'manifest', 'bogus'])
      expect([as, targets(`</a>; rel=preload; as="${as}"`)]).toEqual([as, []]);
    expect(targets('</a>; rel=preload, </b>; rel=next, </c>; as=style, </d>; rel=preconnect')).toEqual([]);
  });

  test('not for types that it may not know', () => {
    const typed = (as: string, type: string) => targets(`</a>; rel=preload; as=${as}; type="${type}"`).length;
    expect([typed('image', 'image/png'), typed('image', 'image/avif'), typed('image', 'image/jxl')]).toEqual([
      1, 1, 0,
    ]);
    expect([typed('script', 'text/javascript; charset=utf-8'), typed('script', 'module')]).toEqual([1, 0]);
    expect([typed('style', 'text/css'), typed('style', 'text/plain')]).toEqual([1, 0]);
    expect([typed('font', 'font/woff2'), typed('font', 'font/x')]).toEqual([1, 0]);
  });

  test('not, as far as anybody can tell, for what hangs on its screen, or is said of another page', () => {
    expect(
      targets(`</a>${css}; media=print, </b>${css}; media="(min-width: 800px)", </c>${css}; anchor="/x"`),
    ).toEqual([]);
    expect(targets(`</a>${css}; media=all, </b>${css}; media=" Screen "`)).toEqual(['/a', '/b']);
    expect(targets('</a>; rel=preload; as=image; imagesrcset="/b 1x, /c 2x"')).toEqual([]);
  });

  test('last for what it may want some time, as it asks for pages', () => {
    expect(told(`</p>; rel=prefetch, </a>${css}, </a>; rel=prefetch`)).toEqual([
      { target: '/a', accept: 'text/css,*/*;q=0.1' },
      { target: '/p', likelihood: 0.7 },
    ]);
  });

  test('for modules by their kind', () => {
    const link =
      '</m.js>; rel=modulepreload, </m.json>; rel=modulepreload; as=json, </m.css>; rel=modulepreload; as=style, </w>; rel=modulepreload; as=worker';
    expect(told(link).map(({ target, accept }) => [target, accept])).toEqual([
      ['/m.js', '*/*'],
      ['/m.json', 'application/json,*/*;q=0.5'],
      ['/m.css', 'text/css,*/*;q=0.1'],
    ]);
  });
});

test('browsers differ', () => {
  const link = `</a>${css}, </s>; rel=stylesheet, </t>; rel="alternate stylesheet", </i>; rel=preload; as=image, </m>; rel=modulepreload, </p>; rel=prefetch`;
  expect(targets(link)).toEqual(['/a', '/i', '/m', '/p']);
  expect(targets(link, { agent: firefox })).toEqual(['/a', '/s']);
  expect(targets(link, { agent: safari })).toEqual(['/a']);
});

test('nobody else asks for it, and no browser that does not go to a page', () => {
  expect(told(`</a>${css}`, { headers: { 'sec-fetch-mode': 'cors' } })).toEqual([]);
  expect(told(`</a>${css}`, { headers: { 'sec-fetch-dest': 'image' } })).toEqual([]);
  expect(told(null)).toEqual([]);
});

test('a page that names a great many gets the first of them', () => {
  const link = Array.from({ length: 60 }, (_, at) => `</${at}>${css}`).join();
  expect(targets(link)).toEqual(Array.from({ length: 32 }, (_, at) => `/${at}`));
});
