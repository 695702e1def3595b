/**
 * Tokens for pulling, made and kept by whoever likes, while rights are given and taken and the tokens behind them are revoked, in an order
 * that chance decides. An oracle says in five lines who may read what; once every worker has heard of a change, each answer is as it
 * says, for what is cached and for what is not. `MERIDIAN_LEAKS_SEED` runs one order again.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const seed = Number(process.env['MERIDIAN_LEAKS_SEED'] ?? Date.now() % 1_000_000);
const rounds = 10;
const pops = ['one', 'crew'] as const;
const users = ['ann', 'ben'] as const;
/** The last one is not there. */
const names = ['acme/a', 'acme/b', 'other/c', 'acme/gone'] as const;
const subjects = ['*', 'hub.example/acme/*', ...names.map((name) => `hub.example/${name}`)];

interface Holder {
  readonly id: string;
  readonly token: string;
  readonly user: (typeof users)[number];
  isRevoked: boolean;
}
interface Ticket {
  readonly holder: Holder | null;
  readonly scopes: readonly string[];
  readonly text: string;
}

const grants = new Map<string, { readonly to: string; readonly subject: string }>();
const holders: Holder[] = [];
const tickets: Ticket[] = [];
let upstream: Upstream;
let network: TestNetwork;
let state = seed + 1;

/** Marsaglia's xorshift, so that a seed gives the same order each time. */
function chance(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}
const oneOf = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)]!;

const manifest = JSON.stringify({
  schemaVersion: 2,
  manifests: [],
  annotations: { text: 'the secret text' },
});
const digest = `sha256:${new Bun.CryptoHasher('sha256').update(manifest).digest('hex')}`;
const type = 'application/vnd.oci.image.index.v1+json';

beforeAll(async () => {
  upstream = await startUpstream(({ target }) =>
    target.includes('/acme/gone/') || !target.includes('/manifests/')
      ? { status: 404, body: '{}' }
      : { headers: { 'content-type': type, 'docker-content-digest': digest }, body: manifest },
  );
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      one: { role: 'pop', parents: ['shield'] },
      crew: { role: 'pop', parents: ['shield'], workers: 2 },
    },
    routes: [
      oci({
        name: 'images',
        access: 'closed',
        mirrors: 'hub.example',
        sources: [{ name: 'hub.example', url: upstream.url }],
      }),
    ],
  });
  for (const name of [...users, 'prober']) await origin().api('POST', '/users', { name });
  await origin().api('POST', '/grants', { ...readingOf('*'), to: 'user:prober' });
  await give('everyone', 'hub.example/acme/a');
  await heard();
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

const origin = () => network.node('origin');
const readingOf = (subject: string): Right => ({
  ...{ actions: ['read'], routes: ['images'] },
  subjects: [subject],
});

function mayRead({ holder, scopes }: Ticket, name: string): boolean {
  // Where everybody may read the route, nobody is asked who he is.
  if ([...grants.values()].some(({ to, subject }) => to === 'everyone' && subject === '*')) return true;
  if (holder?.isRevoked === true || !scopes.includes(name)) return false;
  const given = [...grants.values()].filter(({ to }) => to === 'everyone' || to === `user:${holder?.user}`);
  const patterns = given.map(({ subject }) => subject.replace('*', ''));
  return patterns.some((pattern, at) =>
    given[at]?.subject.endsWith('*')
      ? `hub.example/${name}`.startsWith(pattern)
      : `hub.example/${name}` === pattern,
  );
}

async function give(to: string, subject: string): Promise<void> {
  const made = await origin().api('POST', '/grants', { ...readingOf(subject), to });
  grants.set(z.object({ id: z.string() }).parse(made).id, { to, subject });
}

const changes: readonly (() => Promise<unknown>)[] = [
  () => give(oneOf(['everyone', ...users.map((user) => `user:${user}`)]), oneOf(subjects)),
  async function take() {
    const [id] = oneOf([...grants]) ?? [];
    if (id === undefined) return;
    await origin().api('DELETE', `/grants/${id}`);
    grants.delete(id);
  },
  async function makeHolder() {
    const user = oneOf(users);
    holders.push({ ...(await tokenFor(origin(), user, [])), user, isRevoked: false });
  },
  async function revoke() {
    const good = holders.filter(({ isRevoked }) => !isRevoked);
    if (good.length === 0) return;
    const one = oneOf(good);
    await origin().api('DELETE', `/tokens/${one.id}`);
    one.isRevoked = true;
  },
];

async function takeTicket(holder: Holder | null, scopes: readonly string[]): Promise<Ticket> {
  const query = scopes.map((name) => `&scope=repository:${oneOf(['', 'hub.example/'])}${name}:pull`).join('');
  const answer = await fetch(`${network.url(oneOf(pops))}/v2/token?service=x${query}`, {
    headers: holder === null ? {} : bearer(holder.token),
  });
  const { token: text } = z.object({ token: z.string() }).parse(await answer.json());
  return { holder, scopes, text };
}

/** Until every worker has heard of all that has been changed: news of one token comes after what was told before. */
async function heard(): Promise<void> {
  const prober = await tokenFor(origin(), 'prober', []);
  await allSay(prober.token, 200);
  await origin().api('DELETE', `/tokens/${prober.id}`);
  await allSay(prober.token, 401);
}

async function allSay(token: string, status: number): Promise<void> {
  for (const pop of pops)
    await eventually(`all of ${pop} to say ${status}`, async () => {
      const said = Array.from({ length: pop === 'crew' ? 16 : 1 }, async () => {
        const answer = await fetch(`${network.url(pop)}/v2/`, { headers: bearer(token), keepalive: false });
        await answer.bytes();
        return answer.status;
      });
      return (await Promise.all(said)).every((one) => one === status);
    });
}

/** What is wrong with an answer to somebody who asks; `null`: nothing. */
async function wrongIn(ticket: Ticket, name: string): Promise<unknown> {
  const pop = oneOf(pops);
  const reference = oneOf(['v1', digest]);
  const method = oneOf(['GET', 'HEAD']);
  const headers = {
    ...bearer(ticket.text),
    ...oneOf([{}, { range: 'bytes=0-9' }, { 'if-none-match': '*' }]),
  };
  const answer = await fetch(`${network.url(pop)}/v2/${name}/manifests/${reference}`, {
    ...{ method, headers, keepalive: false },
  });
  const text = await answer.text();
  const isTold =
    ['etag', 'docker-content-digest', 'content-range', 'age'].some((field) => answer.headers.has(field)) ||
    text.includes('secret text');
  const may = mayRead(ticket, name);
  const isRight = may
    ? [200, 206, 304, 404].includes(answer.status)
    : [401, 403].includes(answer.status) && !isTold;
  return isRight ? null : { name, reference, method, headers, pop, may, status: answer.status, text };
}

test('no order of changes gives anybody what he may not read, nor takes from him what he may', async () => {
  const first = await takeTicket(null, ['acme/a']);
  expect([mayRead(first, 'acme/a'), await wrongIn(first, 'acme/a')]).toEqual([true, null]);
  for (let round = 0; round < rounds; round++) {
    for (let change = 0; change < 4; change++) {
      await oneOf(changes)();
      const holder = oneOf([null, ...holders.filter(({ isRevoked }) => !isRevoked)]);
      const scopes = names.filter(() => chance() < 0.6);
      tickets.push(await takeTicket(holder, scopes));
    }
    await heard();
    const asked = tickets.slice(-24).flatMap((ticket) => names.map((name) => wrongIn(ticket, name)));
    const wrong = (await Promise.all(asked)).filter((one) => one !== null);
    const where = `seed ${seed}, round ${round}`;
    expect({ where, wrong }).toEqual({ where, wrong: [] });
  }
}, 120_000);
