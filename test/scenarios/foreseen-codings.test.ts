/** What is foreseen comes in the codings in which its client asks for things of that kind, over real processes: else it is fetched twice, and used once. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { pypi } from '../../src/index.ts';
import { eventually, startNetwork, type TestNetwork } from '../support/index.ts';
import { type PythonIndex, startPythonIndex } from '../support/python-index.ts';

let upstream: PythonIndex;
let network: TestNetwork;

const pip =
  'pip/23.2.1 {"python":"3.11.7","cpu":"x86_64","implementation":{"name":"CPython","version":"3.11.7"},"installer":{"name":"pip","version":"23.2.1"},"system":{"name":"Linux"},"distro":{"libc":{"lib":"glibc","version":"2.36"}}}';
/** Of which nothing is known but what it has asked for. */
const other = 'fetcher/1.0';
const json = 'application/vnd.pypi.simple.v1+json';
const pageOf = (name: string) => `simple/${name}/`;
const metadataOf = (name: string) => `files/${name}/${name}-9.0-py3-none-any.whl.metadata`;

beforeAll(async () => {
  upstream = await startPythonIndex();
  const needs = { app: ['lib'], lib: ['leaf'], leaf: [], tool: ['part'], part: [] };
  // As long as is worth compressing.
  const description = 'It does what it says. '.repeat(200);
  for (const [name, requires] of Object.entries(needs))
    for (let major = 1; major <= 9; major++)
      upstream.publish({ name, version: `${major}.0`, requires, description });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      many: { role: 'pop', parents: ['shield'], workers: 3 },
      // What it has, it forgets when it stops; what it has learned, it does not.
      forgetful: { role: 'pop', parents: ['shield'], disk: false },
      told: { role: 'pop', parents: ['shield'], predict: false },
    },
    routes: [pypi({ upstreams: [{ url: `${upstream.url}/simple` }] })],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

interface By {
  readonly agent?: string;
  readonly codings: string;
  readonly accept?: string;
  readonly storedOnly?: boolean;
}

async function get(pop: string, path: string, by: By) {
  const accepts = path.startsWith('simple/') ? json : '*/*';
  const { agent = pip, codings, accept = accepts, storedOnly = false } = by;
  const answer = await fetch(`${network.url(pop)}/pypi/${path}`, {
    headers: {
      ...{ 'user-agent': agent, 'accept-encoding': codings },
      accept,
      ...(storedOnly && { 'cache-control': 'only-if-cached' }),
    },
    decompress: false,
  });
  await answer.bytes();
  return { status: answer.status, coding: answer.headers.get('content-encoding') };
}

/** Whether a client that asks like this has to wait for nobody. */
async function isAt(pop: string, path: string, by: By): Promise<boolean> {
  return (await get(pop, path, { ...by, storedOnly: true })).status === 200;
}

const packed = { codings: 'gzip, deflate' };
const plain = { codings: 'identity' };

describe.each(['near', 'many'])('at %s', (pop) => {
  test('a client of which nothing has been seen yet is taken to do as its kind does', async () => {
    const seen = await network.during(async () => {
      expect(await get(pop, pageOf('app'), packed)).toEqual({ status: 200, coding: 'gzip' });
      for (const name of ['app', 'lib', 'leaf']) {
        await eventually(`metadata of ${name}`, () => isAt(pop, metadataOf(name), plain));
        expect(await get(pop, metadataOf(name), plain)).toEqual({ status: 200, coding: null });
      }
      for (const name of ['lib', 'leaf']) {
        await eventually(`index of ${name}`, () => isAt(pop, pageOf(name), packed));
        expect(await get(pop, pageOf(name), packed)).toEqual({ status: 200, coding: 'gzip' });
      }
    });
    const targets = seen.asked('shield').map(({ target }) => target);
    for (const path of [pageOf('lib'), pageOf('leaf'), metadataOf('app'), metadataOf('leaf')])
      expect([path, targets.filter((target) => target === `/pypi/${path}`).length]).toEqual([path, 1]);
  }, 30_000);
});

test('what a client was seen to take for each kind is known after a restart', async () => {
  const pop = 'forgetful';
  const seldom = { agent: other, codings: 'identity' };
  const often = { agent: other, codings: 'gzip' };
  for (const name of ['tool', 'part']) {
    expect(await get(pop, pageOf(name), often)).toEqual({ status: 200, coding: 'gzip' });
    expect(await get(pop, metadataOf(name), seldom)).toEqual({ status: 200, coding: null });
  }
  await network.node(pop).stop();
  await network.node(pop).restart();
  expect(await isAt(pop, pageOf('part'), often)).toBe(false);
  const seen = await network.during(async () => {
    await get(pop, metadataOf('tool'), seldom);
    for (const name of ['tool', 'part'])
      await eventually(`index of ${name}`, () => isAt(pop, pageOf(name), often));
    await eventually('metadata of part', () => isAt(pop, metadataOf('part'), seldom));
    for (const name of ['tool', 'part'])
      expect(await get(pop, pageOf(name), often)).toEqual({ status: 200, coding: 'gzip' });
  });
  const targets = seen.asked('shield').map(({ target }) => target);
  for (const name of ['tool', 'part'])
    expect(targets.filter((target) => target === `/pypi/${pageOf(name)}`)).toHaveLength(1);
}, 30_000);

test('what a PoP is told to have by its address, it has in the codings that clients usually take for its kind', async () => {
  const origin = network.node('origin');
  const addresses = ['app', 'lib'].flatMap((name) => [
    { url: `/pypi/${pageOf(name)}` },
    { url: `/pypi/${metadataOf(name)}` },
  ]);
  await origin.api('POST', '/prefetch', { to: ['told'], addresses });
  for (const name of ['app', 'lib']) {
    await eventually(`index of ${name}`, () => isAt('told', pageOf(name), { ...packed, accept: '*/*' }));
    await eventually(`metadata of ${name}`, () => isAt('told', metadataOf(name), plain));
  }
}, 30_000);
