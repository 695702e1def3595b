/**
 * Rights that are given and taken, packages that change, purges, and requests, in an order that chance decides, against an oracle
 * that says in ten lines who may read what. While things change, an answer may be as it was or as it is; once every worker has heard
 * of a change, it is as it is. `MERIDIAN_LEAKS_SEED` runs one order again.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../../src/clock.ts';
import { controlClient } from '../../src/control/client.ts';
import { readNodeFile } from '../../src/control/node-file.ts';
import type { Right } from '../../src/identity.ts';
import { npm, peer, web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { publication } from '../support/publication.ts';

const seed = Number(process.env['MERIDIAN_LEAKS_SEED'] ?? Date.now() % 1_000_000);
const rounds = 12;
const changesEach = 4;
const requestsEach = 240;

const everything: Right = { actions: ['read', 'publish', 'delete', 'admin'], routes: ['*'], subjects: ['*'] };
const pops = ['one', 'crew', 'twin'] as const;
const users = ['ann', 'ben', 'cas'] as const;
const names = ['@acme/a', '@acme/b', '@acme/c', '@acme/gone'] as const;
type User = (typeof users)[number];
type Name = (typeof names)[number];

/** As the oracle knows it. */
interface Given {
  readonly id: string;
  readonly to: string;
  readonly route: string;
  readonly subject: string;
}
interface Shown {
  readonly id: string;
  readonly token: string;
  readonly user: User;
  /** The token's own limit; `null`: none. */
  readonly limit: string | null;
}

const grants = new Map<string, Given>();
const tokens = new Map<string, Shown>();
const disabled = new Set<User>();
const members = new Set<User>();
const access = new Map<Name, 'public' | 'restricted'>();
let published = 0;

/** What is asked for: a package's documents, or a page of a route that is closed. */
type Wanted = Name | 'page';

const matches = (pattern: string, subject: string) =>
  pattern === '*' ||
  pattern === subject ||
  (pattern.endsWith('*') && subject.startsWith(pattern.slice(0, -1)));

/** Who asks: a token, or nobody. */
function mayRead(shown: Shown | null, wanted: Wanted): boolean {
  const [route, subject] = wanted === 'page' ? ['closed', ''] : ['npm', wanted];
  if (wanted !== 'page' && access.get(wanted) === 'public') return true;
  if (shown === null) return false;
  if (!tokens.has(shown.id) || disabled.has(shown.user)) return false;
  if (shown.limit !== null && !matches(shown.limit, subject)) return false;
  return [...grants.values()].some(
    ({ to, ...right }) =>
      right.route === route &&
      matches(right.subject, subject) &&
      (to === 'users' || to === `user:${shown.user}` || (to === 'team:core' && members.has(shown.user))),
  );
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomOf(seed);
/** Of requests, so that changes come in the same order however fast those are. */
const chance = randomOf(seed + 1);

function oneOf<T>(some: readonly T[], draw = random): T {
  const found = some[Math.floor(draw() * some.length)];
  if (found === undefined) throw new Error('there is none');
  return found;
}

let upstream: Upstream;
let network: TestNetwork;
let admin: string;
let prober: { readonly id: string; readonly token: string };

beforeAll(async () => {
  console.log(`leaks, in the order of seed ${seed}`);
  upstream = await startUpstream(({ target }) => ({
    headers: { 'cache-control': 'max-age=1, stale-while-revalidate=600', etag: '"secret-tag"' },
    body: `the secret text of ${target}`,
  }));
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      one: { role: 'pop', parents: ['shield'] },
      crew: { role: 'pop', parents: ['shield'], workers: 2 },
      twin: { role: 'pop', parents: [peer('one'), 'shield'] },
    },
    routes: [
      web({ name: 'closed', match: { path: '/closed' }, access: 'closed', upstream: upstream.url }),
      npm({ name: 'npm', upstreams: [], hosted: { scopes: ['@acme'] } }),
    ],
  });
  admin = (await tokenFor(origin(), 'root', [everything])).token;
  for (const name of users) await origin().api('POST', '/users', { name });
  await origin().api('POST', '/teams', { name: 'core' });
  for (const name of names) if (name !== '@acme/gone') await publish(name, 'restricted');
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

const origin = () => network.node('origin');
const made = z.object({ id: z.string(), token: z.string() });

async function publish(name: Name, as: 'public' | 'restricted'): Promise<void> {
  const answer = await fetch(`${network.url(oneOf(pops))}/${name}`, {
    method: 'PUT',
    headers: bearer(admin),
    body: JSON.stringify(publication(name, `1.0.${published++}`, { access: as, textBytes: 500 })),
  });
  expect([await answer.text(), answer.status]).toEqual([expect.any(String), 201]);
  if (!access.has(name)) access.set(name, as);
}

const changes: readonly (() => Promise<unknown>)[] = [
  async function give() {
    const to = oneOf(['users', 'team:core', ...users.map((user) => `user:${user}`)]);
    const route = oneOf(['npm', 'npm', 'closed']);
    const subject = route === 'closed' ? '*' : oneOf(['*', '@acme/*', ...names]);
    const given = await origin().api('POST', '/grants', {
      to,
      actions: ['read'],
      routes: [route],
      subjects: [subject],
    });
    const { id } = z.object({ id: z.string() }).parse(given);
    grants.set(id, { id, to, route, subject });
  },
  async function take() {
    if (grants.size === 0) return;
    const { id } = oneOf([...grants.values()]);
    await origin().api('DELETE', `/grants/${id}`);
    grants.delete(id);
  },
  async function makeToken() {
    const user = oneOf(users);
    const limit = oneOf([null, null, '*', '@acme/a']);
    const limits = limit === null ? {} : { limit: [{ actions: ['read'], routes: ['*'], subjects: [limit] }] };
    const one = made.parse(await origin().api('POST', '/tokens', { owner: `user:${user}`, ...limits }));
    tokens.set(one.id, { ...one, user, limit });
  },
  async function revoke() {
    if (tokens.size === 0) return;
    const one = oneOf([...tokens.values()]);
    await origin().api('DELETE', `/tokens/${one.id}`);
    tokens.delete(one.id);
    revoked.push(one);
  },
  async function disable() {
    const user = oneOf(users);
    const isOut = disabled.has(user);
    await origin().api('PUT', `/users/${user}`, { disabled: !isOut });
    if (isOut) disabled.delete(user);
    else disabled.add(user);
  },
  async function join() {
    const user = oneOf(users);
    const isIn = members.has(user);
    await origin().api(isIn ? 'DELETE' : 'PUT', `/teams/core/members/${user}`);
    if (isIn) members.delete(user);
    else members.add(user);
  },
  async function turn() {
    const name = oneOf([...access.keys()]);
    const next = access.get(name) === 'public' ? 'restricted' : 'public';
    const answer = await fetch(`${network.url(oneOf(pops))}/-/package/${encodeURIComponent(name)}/access`, {
      method: 'POST',
      headers: bearer(admin),
      body: JSON.stringify({ access: next }),
    });
    expect([next, answer.status]).toEqual([next, 200]);
    access.set(name, next);
  },
  () => publish(oneOf([...access.keys()]), 'public'),
  async function purge() {
    await (await control()).purge({
      targets: [{ by: 'tag', tag: `npm:${oneOf(names)}` }],
      soft: random() < 0.5,
    });
  },
];

/** Tokens that were good once. */
const revoked: Shown[] = [];

async function control() {
  const file = await readNodeFile(join(network.dir, 'data', 'one'));
  if (!file) throw new Error('the node is not there');
  return controlClient(file.control, network.secret, systemClock);
}

/** Until every worker of every PoP has heard of all that has been changed. */
async function heard(): Promise<void> {
  await origin().api('DELETE', `/tokens/${prober.id}`);
  await allSay(prober.token, 401);
  const purged = await (await control()).purge({
    targets: [{ by: 'tag', tag: 'nobody bears it' }],
    waitMs: 10_000,
  });
  expect(purged).toMatchObject({ applied: { all: true } });
}

/** News of one token comes after all that was told before. */
async function startRound(): Promise<void> {
  prober = made.parse(await origin().api('POST', '/tokens', { owner: 'user:root' }));
  await allSay(prober.token, 200);
}

async function allSay(token: string, status: number): Promise<void> {
  for (const pop of pops)
    await eventually(`all of ${pop} to say ${status}`, async () => {
      const said = Array.from({ length: pop === 'crew' ? 16 : 1 }, async () => {
        const answer = await fetch(`${network.url(pop)}/closed/probe`, {
          headers: bearer(token),
          keepalive: false,
        });
        await answer.bytes();
        return answer.status;
      });
      return (await Promise.all(said)).every((one) => one === status);
    });
}

const ways: readonly Record<string, string>[] = [
  {},
  {},
  { range: 'bytes=0-9' },
  { 'if-none-match': '*' },
  { 'accept-encoding': 'gzip' },
  { 'cache-control': 'no-cache' },
  { 'cache-control': 'max-stale=999' },
];

interface Asked {
  readonly who: Shown | null;
  readonly wanted: Wanted;
  readonly status: number;
  readonly isTold: boolean;
  readonly how: string;
}

/** Something, by somebody, somewhere. */
async function ask(): Promise<Asked> {
  const who = chance() < 0.2 ? null : oneOf([null, ...tokens.values(), ...revoked.slice(-5)], chance);
  const wanted = oneOf<Wanted>([...names, 'page'], chance);
  const pop = oneOf(pops, chance);
  const version = `1.0.${Math.floor(chance() * published)}`;
  const paths = [
    `/${wanted}`,
    `/${wanted}/latest`,
    `/-/package/${wanted}/dist-tags`,
    `/${wanted}/-/${wanted.slice(6)}-${version}.tgz`,
  ];
  const path = wanted === 'page' ? '/closed/page' : oneOf(paths, chance);
  const way = oneOf(ways, chance);
  const method = oneOf(['GET', 'GET', 'HEAD'], chance);
  const headers = { ...way, ...(who && bearer(who.token)) };
  const answer = await fetch(network.url(pop) + path, { method, headers, keepalive: false });
  const text = await answer.text();
  const isTold =
    ['etag', 'content-range', 'repr-digest', 'age'].some((name) => answer.headers.has(name)) ||
    ['integrity', 'secret text', '"latest"'].some((secret) => text.includes(secret));
  return {
    who,
    wanted,
    status: answer.status,
    isTold,
    how: `${method} ${path} ${JSON.stringify(way)} at ${pop}`,
  };
}

/** Of a version that there is not, too. */
const given: ReadonlySet<number> = new Set([200, 206, 304, 404]);
const refused: ReadonlySet<number> = new Set([401, 403]);

const isLeak = ({ status, isTold }: Asked) => isTold || !refused.has(status);
const nameOf = (who: Shown | null, wanted: Wanted) => `${who?.id ?? 'nobody'} ${wanted}`;
const wants: readonly Wanted[] = [...names, 'page'];

/** All pairs of somebody and something that go together just now. */
function allowed(): string[] {
  const all = [null, ...tokens.values(), ...revoked];
  return all.flatMap((who) =>
    wants.filter((wanted) => mayRead(who, wanted)).map((wanted) => nameOf(who, wanted)),
  );
}

async function inTurns(count: number, isOver: () => boolean, take: (asked: Asked) => void): Promise<void> {
  let left = count;
  const client = async () => {
    while (left-- > 0 && !isOver()) take(await ask());
  };
  await Promise.all(Array.from({ length: 8 }, client));
}

test('no order of changes gives anybody what he may not read', async () => {
  for (let round = 0; round < rounds; round++) {
    const where = `seed ${seed}, round ${round}`;
    await startRound();
    const before = new Set(allowed());
    let isOver = false;
    const meanwhile: Asked[] = [];
    const flood = inTurns(
      100_000,
      () => isOver,
      (asked) => meanwhile.push(asked),
    );
    for (let change = 0; change < changesEach; change++) {
      await oneOf(changes)();
      for (const pair of allowed()) before.add(pair);
    }
    await heard();
    isOver = true;
    await flood;
    const leaks = meanwhile.filter((asked) => !before.has(nameOf(asked.who, asked.wanted)) && isLeak(asked));
    expect({ where, leaks }).toEqual({ where, leaks: [] });

    const wrong: (Asked & { readonly may: boolean })[] = [];
    await inTurns(
      requestsEach,
      () => false,
      (asked) => {
        const may = mayRead(asked.who, asked.wanted);
        if (may ? !given.has(asked.status) : isLeak(asked)) wrong.push({ ...asked, may });
      },
    );
    expect({ where, wrong }).toEqual({ where, wrong: [] });
  }
}, 120_000);
