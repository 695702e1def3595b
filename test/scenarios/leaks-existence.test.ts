/**
 * Whether there is something of a name that is not for everybody: nobody may tell it from a name that there is not, whatever is in a
 * cache just then, whoever has asked before, and whatever is broken.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Right } from '../../src/identity.ts';
import { npm } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import { publication } from '../support/publication.ts';

const everything: Right = { actions: ['read', 'publish', 'delete', 'admin'], routes: ['*'], subjects: ['*'] };
const otherScope: Right = { actions: ['read', 'publish'], routes: ['*'], subjects: ['@other/*'] };

/** Names are hidden in the first, and the exception in the second. */
const scopes = { hidden: '@acme', shown: '@open' } as const;

let network: TestNetwork;
let admin: string;
const unfit = new Map<string, Record<string, string>>([['nobody', {}]]);

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      pop: { role: 'pop', parents: ['origin'], cacheStatusKey: true },
      late: { role: 'pop', parents: ['origin'] },
      crew: { role: 'pop', parents: ['origin'], workers: 2 },
    },
    routes: [
      npm({ name: 'hidden', match: { path: '/hidden' }, upstreams: [], hosted: { scopes: ['@acme'] } }),
      npm({ name: 'shown', upstreams: [], hosted: { scopes: ['@open'], access: 'public' } }),
    ],
  });
  const origin = network.node('origin');
  admin = (await tokenFor(origin, 'root', [everything])).token;
  unfit.set('a token for another scope', bearer((await tokenFor(origin, 'other', [otherScope])).token));
  unfit.set('a malformed credential', { authorization: 'Bearer nonsense' });
  for (const [route, scope] of Object.entries(scopes))
    for (const [name, access] of [
      ['secret', 'restricted'],
      ['plain', 'public'],
    ] as const) {
      const answer = await fetch(`${base('pop', route)}/${scope}/${name}`, {
        method: 'PUT',
        headers: bearer(admin),
        body: JSON.stringify(publication(`${scope}/${name}`, '1.0.0', { access })),
      });
      expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
    }
}, 60_000);

afterAll(() => network?.stop(), 30_000);

const base = (pop: string, route: string) => network.url(pop) + (route === 'hidden' ? '/hidden' : '');

const paths = (name: string) => [
  name,
  `${name}/1.0.0`,
  `${name}/latest`,
  `${name}?write=true`,
  `${name}/-/${name.split('/')[1]}-1.0.0.tgz`,
  ...['dist-tags', 'visibility', 'collaborators'].map(
    (what) => `-/package/${encodeURIComponent(name)}/${what}`,
  ),
  `-/npm/v1/attestations/${encodeURIComponent(name)}@1.0.0`,
];

const ways: Record<string, Record<string, string>> = {
  plainly: {},
  'of caches only': { 'cache-control': 'only-if-cached' },
  'of caches only, however old': { 'cache-control': 'only-if-cached, max-stale=999999' },
  anew: { 'cache-control': 'no-cache' },
  'with a condition': { 'if-none-match': '*' },
  'for a part': { range: 'bytes=0-9' },
};

/** Of each answer another one. */
const varying: ReadonlySet<string> = new Set(['date', 'server-timing', 'x-request-id', 'content-length']);

/** Which of two workers keeps a name is as likely for one as for the other. */
const ofMember: ReadonlySet<string> = new Set(['cache-status', 'via']);

async function told(pop: string, url: string, init: RequestInit, name: string): Promise<string> {
  const answer = await fetch(url, { ...init, keepalive: false });
  const text = (await answer.text())
    .replace(/"requestId":"[^"]*"/, '')
    // Of two who ask at once for what an origin has that is away, one tries it, and the other is told that it has been tried.
    .replaceAll(/origin does not answer|the upstream refuses connections/g, '<away>');
  const fields = [...answer.headers].filter(
    ([field]) => !varying.has(field) && (pop === 'pop' || !ofMember.has(field)),
  );
  const bare = name.split('/')[1] ?? '';
  return JSON.stringify([answer.status, text, fields])
    .replaceAll(name, '<name>')
    .replaceAll(encodeURIComponent(name), '<name>')
    .replaceAll(bare, '<bare>');
}

/** In every way, by everybody who may not, at this PoP: `absent` has been asked for by nobody before. */
async function cannotTell(pop: string, route: keyof typeof scopes, absent: string): Promise<void> {
  const scope = scopes[route];
  const names = [`${scope}/secret`, `${scope}/${absent}`] as const;
  for (const [who, credential] of unfit)
    for (const [way, fields] of Object.entries(ways))
      for (const method of ['GET', 'HEAD', 'OPTIONS'])
        for (const [at, path] of paths(names[0]).entries()) {
          const init = { method, headers: { ...fields, ...credential } };
          const [there, missing] = await Promise.all([
            told(pop, `${base(pop, route)}/${path}`, init, names[0]),
            told(pop, `${base(pop, route)}/${paths(names[1])[at]}`, init, names[1]),
          ]);
          expect([who, way, method, path, there]).toEqual([who, way, method, path, missing]);
          expect(there).not.toContain('integrity');
        }
}

async function read(pop: string, route: keyof typeof scopes): Promise<void> {
  for (const path of [...paths(`${scopes[route]}/secret`), ...paths(`${scopes[route]}/plain`)]) {
    const answer = await fetch(`${base(pop, route)}/${path}`, { headers: bearer(admin) });
    await answer.bytes();
    expect([path, answer.status]).toEqual([path, path.includes('attestations') ? 404 : 200]);
  }
}

describe.each(['pop', 'crew'] as const)('at %s, a name of somebody else', (pop) => {
  for (const route of ['hidden', 'shown'] as const)
    test(`cannot be told from one that there is not, where it is ${route}, read by others or not`, async () => {
      await cannotTell(pop, route, 'absent');
      for (const _ of [1, 2, 3]) await read(pop, route);
      await cannotTell(pop, route, 'missing');
    }, 60_000);
});

test('what is public in the same scope is for everybody, whatever he shows', async () => {
  for (const [route, scope] of Object.entries(scopes))
    for (const [, headers] of unfit)
      for (const path of [`${scope}/plain`, `${scope}/plain/-/plain-1.0.0.tgz`])
        expect((await fetch(`${base('crew', route)}/${path}?again`, { headers })).status).toBe(200);
});

test('the question that settles it is answered alike for what is restricted and for what there is not', async () => {
  for (const [route, scope] of Object.entries(scopes)) {
    const answers = ['plain', 'secret', 'absent'].map(async (name) => {
      const answer = await fetch(`${base('pop', route)}/-/package/${scope}%2f${name}/known`);
      return [answer.status, await answer.text()];
    });
    const [plain, secret, absent] = await Promise.all(answers);
    expect([plain, secret]).toEqual([[200, '{"public":true}'], absent]);
    expect(absent?.[0]).toBe(404);
  }
});

test('whoever has the right is told that there is nothing', async () => {
  for (const [route, scope] of Object.entries(scopes))
    expect((await fetch(`${base('pop', route)}/${scope}/absent`, { headers: bearer(admin) })).status).toBe(
      404,
    );
});

test('it cannot be told while the origin is away, and what is public stays there', async () => {
  for (const route of ['hidden', 'shown'] as const) await read('late', route);
  await network.node('origin').stop();
  try {
    for (const route of ['hidden', 'shown'] as const) await cannotTell('late', route, 'gone');
    for (const [route, scope] of Object.entries(scopes))
      expect((await fetch(`${base('late', route)}/${scope}/plain`)).status).toBe(200);
  } finally {
    await network.node('origin').restart();
  }
}, 60_000);
