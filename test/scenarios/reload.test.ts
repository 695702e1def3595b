/**
 * A new config takes effect as a whole, while requests are under way, and none of them notices. A config with a
 * mistake changes nothing, and the mistake is named.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { web } from '../../src/index.ts';
import {
  eventually,
  runMeridian,
  type Sketch,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { putLoadOn } from './load.ts';

const tiers = ['origin', 'shield', 'pop'];
let old: Upstream;
let added: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  const fields = { 'cache-control': 'public, max-age=600' };
  old = await startUpstream(({ path }) => ({ headers: fields, body: `old ${path}` }));
  added = await startUpstream(({ path }) => ({ headers: fields, body: `added ${path}` }));
  network = await startNetwork(sketch());
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await old?.off();
  await added?.off();
}, 30_000);

/** With routes to the second upstream, of these names. */
function sketch(...names: string[]): Sketch {
  return {
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      ...names.map((name) => web({ name, match: { path: `/${name}` }, upstream: added.url })),
      web({ upstream: old.url }),
    ],
  };
}

function startLoad() {
  // Hits and misses: every third request is for something new.
  const pathOf = (nth: number) => (nth % 3 === 0 ? `/new/${nth}` : `/same/${nth % 50}`);
  const base = network.url('pop');
  return putLoadOn(
    (nth) => base + pathOf(nth),
    (url) => `old ${url.slice(base.length)}`,
  );
}

async function bodyOf(path: string): Promise<string> {
  return (await fetch(network.url('pop') + path)).text();
}

test.each([
  ['SIGHUP', hangUp],
  ['meridian reload', async () => expect(await reload()).toMatchObject({ code: 0 })],
])(
  '%s under load: the new route works, and no request is dropped',
  async (how, tell) => {
    const route = how.replace(' ', '-').toLowerCase();
    const load = startLoad();
    await eventually('some load', () => load.answered() > 200);
    network.rewrite(sketch(route));
    await tell();
    await eventually('the new route', async () =>
      (await bodyOf(`/${route}/${crypto.randomUUID()}`)).startsWith('added'),
    );
    const soFar = load.answered();
    await eventually('some more load', () => load.answered() > soFar + 200);
    const { answered, failures } = await load.stop();
    expect(failures).toEqual([]);
    console.log(`${how}: ${answered} requests`);
  },
  30_000,
);

const broken: readonly [what: string, text: () => string, named: RegExp][] = [
  ['that does not parse', () => 'export default {', /meridian\.config\.ts:\d+:\d+/],
  ['with a parameter that does not exist', () => withMistake('"routes"', '"rouets"'), /rouets/],
  [
    'with a parent that does not exist',
    () => withMistake('"parents": [\n        "shield"', '"parents": ["sheild"'),
    /sheild/,
  ],
];

test.each(broken)('a config %s changes nothing, and says why', async (_, text, named) => {
  const load = startLoad();
  writeFileSync(network.configFile, text());
  const { code, stderr } = await reload();
  expect(code).not.toBe(0);
  expect(stderr).toMatch(named);

  network.node('pop').process.signal('SIGHUP');
  await eventually('the PoP to say why', () => named.test(network.node('pop').process.output()));
  const { failures } = await load.stop();
  expect(failures).toEqual([]);
});

async function hangUp(): Promise<void> {
  for (const name of tiers) network.node(name).process.signal('SIGHUP');
}

function reload() {
  return runMeridian(['reload', '--config', network.configFile], { cwd: network.dir });
}

/** The config as it should be, with one thing in it replaced. */
function withMistake(right: string, wrong: string): string {
  network.rewrite(sketch());
  const text = readFileSync(network.configFile, 'utf8');
  expect(text).toContain(right);
  return text.replace(right, wrong);
}
