/** What a PoP fetches before it is asked for, over real processes: for whom, and what not. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cargo } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { type CrateRegistry, says, startCrateRegistry } from '../support/crate-registry.ts';
import { runMeridian, startNetwork, type TestNetwork } from '../support/index.ts';
import { eventually } from '../support/wait.ts';

let upstream: CrateRegistry;
let network: TestNetwork;
let token: string;

/** The index of a crate, below the prefix of its route. */
const pathOf = (name: string) => `${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`;

beforeAll(async () => {
  upstream = await startCrateRegistry();
  for (const tree of ['alder', 'birch', 'cedar', 'elder', 'guava', 'hazel', 'maple', 'olive']) {
    upstream.add(tree, '1.0.0', says(tree), { deps: [{ name: `${tree}-twig`, req: '^1' }] });
    upstream.add(`${tree}-twig`, '1.2.0', says('twig'), { deps: [{ name: `${tree}-leaf`, req: '^1' }] });
    upstream.add(`${tree}-leaf`, '1.0.0', says('leaf'));
  }
  const upstreams = [{ url: upstream.url }];
  const parents = ['shield'];
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents },
      many: { role: 'pop', parents, workers: 3 },
      plain: { role: 'pop', parents, predict: false },
    },
    routes: [
      cargo({ upstreams }),
      cargo({ name: 'closed', match: { path: '/closed' }, access: 'closed', upstreams }),
    ],
  });
  const right = { actions: ['read'] as const, routes: ['closed'], subjects: ['elder*'] };
  ({ token } = await tokenFor(network.node('origin'), 'alice', [right]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
});

interface Asked {
  readonly pop?: string;
  readonly route?: string;
  readonly token?: string;
  readonly storedOnly?: boolean;
}

async function ask(name: string, { pop = 'near', route = 'cargo', token, storedOnly = false }: Asked = {}) {
  const response = await fetch(`${network.url(pop)}/${route}/${pathOf(name)}`, {
    headers: {
      'user-agent': storedOnly ? 'somebody' : 'cargo/1.95.0 (f2d3ce0bd 2026-03-21)',
      ...(storedOnly && { 'cache-control': 'only-if-cached' }),
      ...(token !== undefined && { authorization: token }),
    },
  });
  const text = await response.text();
  return { status: response.status, text, cacheStatus: response.headers.get('cache-status') ?? '' };
}

/** Whether it is at the PoP, without anybody being asked for it. */
const isAt = async (name: string, asked: Asked = {}) =>
  (await ask(name, { ...asked, storedOnly: true })).status === 200;

const originAsked = (seen: { asked(node: string): readonly { readonly target: string }[] }, name: string) =>
  seen.asked('origin').filter(({ target }) => target.endsWith(pathOf(name))).length;

describe('what a client asks for next', () => {
  test('is at the PoP before he asks for it, as deep as the tree goes, and each thing was asked for once', async () => {
    const seen = await network.during(async () => {
      expect((await ask('alder')).status).toBe(200);
      await eventually('the leaf of alder', () => isAt('alder-leaf'));
      const leaf = await ask('alder-leaf');
      expect([leaf.status, leaf.cacheStatus.split(', ').at(-1)]).toEqual([
        200,
        expect.stringContaining('hit'),
      ]);
      expect(JSON.parse(leaf.text)).toMatchObject({ name: 'alder-leaf', vers: '1.0.0' });
    });
    for (const name of ['alder', 'alder-twig', 'alder-leaf'])
      expect([name, originAsked(seen, name)]).toEqual([name, 1]);
  });

  test('is known behind the shield, once one PoP has asked', async () => {
    await ask('birch');
    await eventually('the leaf of birch', () => isAt('birch-leaf'));
    const seen = await network.during(async () => {
      await ask('birch', { pop: 'many' });
      await eventually('the leaf of birch at another PoP', () => isAt('birch-leaf', { pop: 'many' }));
    });
    expect(
      seen.asked('origin').filter(({ target }) => target.includes('birch') || target.includes('ahead')),
    ).toEqual([]);
  });

  test('is found out once, however many PoPs ask at once', async () => {
    const seen = await network.during(async () => {
      await Promise.all(['near', 'many'].map((pop) => ask('maple', { pop })));
      for (const pop of ['near', 'many'])
        await eventually(`the leaf of maple at ${pop}`, () => isAt('maple-leaf', { pop }));
    });
    const questions = seen.asked('origin').map(({ target }) => target);
    expect(questions.filter((target) => /ahead.*want=maple\+/.test(target))).toHaveLength(1);
  });

  test('is brought by the worker that keeps it, whoever is asked', async () => {
    await ask('cedar', { pop: 'many' });
    for (const name of ['cedar-twig', 'cedar-leaf'])
      await eventually(`${name} at all workers`, () => isAt(name, { pop: 'many' }));
  });

  test('is not fetched where nothing is to be predicted', async () => {
    const seen = await network.during(async () => {
      await ask('guava', { pop: 'plain' });
      await ask('guava-twig', { pop: 'plain' });
    });
    expect(seen.asked('shield').filter(({ target }) => target.includes('ahead'))).toEqual([]);
    expect(await isAt('guava-leaf', { pop: 'plain' })).toBe(false);
  });
});

test('`meridian explain` says what became of it, and what a request leads to', async () => {
  const explained = async (name: string, ...more: readonly string[]) => {
    const url = `${network.url('near')}/cargo/${pathOf(name)}`;
    const words = ['explain', url, '--node', 'near', '--config', network.configFile, ...more];
    const { code, stdout, stderr } = await runMeridian(words, { cwd: network.dir });
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };
  await ask('olive');
  await eventually('the leaf of olive', () => isAt('olive-leaf'));
  expect(await explained('olive-leaf')).toMatch(
    /\n +foreseen: +known, \d+m?s ago: it was fetched, and (?:a client has|nobody has) come for it/,
  );
  const asCargo = ['--header', 'User-Agent: cargo/1.95.0 (f2d3ce0bd 2026-03-21)'];
  const root = await explained('sorrel', ...asCargo);
  expect(root).toMatch(/\n +foreseen: +not lately\n +leads to: .*what the origin answers to .*want=sorrel/);
  expect(await explained('sorrel')).toMatch(/\n +leads to: +nothing that is known; .*User-Agent/);
});

describe('what not everybody may read', () => {
  test('is not fetched for somebody who may not read it', async () => {
    const seen = await network.during(async () => {
      expect((await ask('hazel', { route: 'closed' })).status).toBe(401);
      expect((await ask('hazel', { route: 'closed', token })).status).toBe(403);
    });
    expect(seen.asked('origin').filter(({ target }) => target.includes('closed'))).toEqual([]);
  });

  test('is fetched for somebody who may, and given to nobody else', async () => {
    expect((await ask('elder', { route: 'closed', token })).status).toBe(200);
    await eventually('the leaf of elder', () => isAt('elder-leaf', { route: 'closed', token }));
    expect((await ask('elder-leaf', { route: 'closed' })).status).toBe(401);
  });
});

test('nobody but nodes asks what is foreseen', async () => {
  const answers = await Promise.all(
    ['/.meridian/ahead/2/cargo?want=alder', '/.meridian/ahead/', '/.meridian/ahead/2/nothing?x'].map(
      async (path) => (await fetch(network.url('near') + path)).status,
    ),
  );
  expect(answers).toEqual([404, 404, 404]);
});
