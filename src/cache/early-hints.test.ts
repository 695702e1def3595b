import { expect, test } from 'bun:test';
import { exchange } from '../../test/support/builders.ts';
import type { Entry } from '../entry.ts';
import type { TierCaller } from '../exchange.ts';
import { accessField, restrictedValue } from '../identity.ts';
import type { FieldList } from '../resource.ts';
import { hint } from './early-hints.ts';

const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const links: FieldList = [
  ['link', '</a.css>; rel=preload; as=style, </next>; rel=next'],
  ['link', '<https://cdn.example>; rel=preconnect, </p>; rel=prefetch, </m.js>; rel="modulepreload"'],
];

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly tier?: TierCaller;
  readonly status?: number;
}

function told(fields: FieldList = links, { headers = page, status = 200, ...asked }: Asked = {}) {
  const said: [status: number, fields: Record<string, string>][] = [];
  const inform = (status: number, hints: Headers) => void said.push([status, Object.fromEntries(hints)]);
  const waiting = exchange({ ...asked, headers: new Headers(headers), inform });
  hint(waiting, { status, fields } as Entry);
  return said;
}

test('who waits for a page hears what it says that it needs, as it is written there', () => {
  const link =
    '</a.css>; rel=preload; as=style, <https://cdn.example>; rel=preconnect, </m.js>; rel="modulepreload"';
  expect(told()).toEqual([[103, { link }]]);
});

test('with the policy that the page is under, and nothing else of it', () => {
  const policy = "script-src 'self'";
  const fields: FieldList = [
    ...links,
    ['content-security-policy', policy],
    ['set-cookie', 'a=b'],
    ['etag', '"x"'],
  ];
  expect(told(fields)).toMatchObject([[103, { 'content-security-policy': policy }]]);
  expect(Object.keys(told(fields)[0]?.[1] ?? {})).toHaveLength(2);
});

test('a page that needs nothing is waited for in silence', () => {
  expect(told([])).toEqual([]);
  expect(told([['link', '</next>; rel=next']])).toEqual([]);
});

test('whoever is no browser on its way to a page hears nothing', () => {
  expect(told(links, { headers: {} })).toEqual([]);
  expect(told(links, { headers: { ...page, 'sec-fetch-dest': 'iframe' } })).toEqual([]);
  expect(told(links, { headers: { ...page, 'sec-fetch-mode': 'no-cors' } })).toEqual([]);
  expect(told(links, { method: 'HEAD' })).toEqual([]);
});

test('nobody hears of a page that he may not be allowed to see, of an error, or between nodes', () => {
  expect(told([...links, [accessField, restrictedValue]])).toEqual([]);
  expect(told(links, { status: 404 })).toEqual([]);
  expect(told(links, { tier: { node: 'pop', route: 'web', background: false } })).toEqual([]);
});

test('a page that names more than a browser could begin with is cut short', () => {
  const [first] = told([['link', '</a>; rel=preload; as=style,'.repeat(60)]]);
  expect(first?.[1]['link']?.split(',')).toHaveLength(32);
});
