/**
 * What the API tells and does about the caches of all nodes: a look-up everywhere, purges with their progress, what is hot, and
 * what has gone. On each kind of bus, with a node of two workers, a shield, and one that dies.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { nats, redis, web } from '../../src/index.ts';
import { hotObject, placedEviction } from '../../src/messages/cached.ts';
import { type ExplainedNode, networkExplanation } from '../../src/messages/explanation.ts';
import { purgeIssued, purgeState } from '../../src/messages/purge-state.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { type KvServer, kvServerProblem, startKvServer } from '../support/kv-servers.ts';
import { available } from '../support/needs.ts';

const body = 'nobody but clients may see this';
const lone = 200_000;
const everything = [{ actions: ['admin'], routes: ['*'], subjects: ['*'] }] as const;

const buses = {
  local: { make: () => ({}), problem: null },
  redis: { make: (url: string) => ({ bus: redis({ url }) }), problem: kvServerProblem('redis') },
  nats: { make: (url: string) => ({ bus: nats({ servers: [url] }) }), problem: kvServerProblem('nats') },
} as const;

describe.each(['local', 'redis', 'nats'] as const)('on the %s bus', (kind) => {
  const { make, problem } = buses[kind];
  const canRun = available(kind, problem);
  let server: KvServer | null = null;
  let upstream: Upstream;
  let network: TestNetwork;

  beforeAll(async () => {
    if (!canRun) return;
    if (kind !== 'local') server = await startKvServer(kind);
    upstream = await startUpstream(({ path }) => ({
      headers: { 'cache-control': 'max-age=600', 'cache-tag': 'news', vary: 'cookie' },
      body: path.startsWith('/long') ? 'x'.repeat(lone) : body,
    }));
    network = await startNetwork({
      ...make(server?.url ?? ''),
      nodes: {
        origin: { role: 'origin' },
        shield: { role: 'shield', parents: ['origin'] },
        pop: { role: 'pop', parents: ['shield'], workers: 2, hot: false },
        far: { role: 'pop', parents: ['shield'], memory: { bytes: '1MB' } },
      },
      routes: [web({ name: 'docs', upstream: upstream.url })],
    });
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  }, 30_000);

  const api = (method: 'GET' | 'POST', target: string, given?: unknown) =>
    network.node('origin').api(method, target, given);
  const explain = async (order: unknown) =>
    networkExplanation.parse(await api('POST', '/explain', order)).nodes;
  const ask = (path: string, node = 'pop') =>
    fetch(network.url(node) + path, { keepalive: false }).then((answer) => answer.text());
  const run = async (...words: readonly string[]) =>
    runMeridian([...words, '--config', network.configFile], { cwd: network.dir });
  const outlined = (nodes: readonly ExplainedNode[]) =>
    nodes.map(({ node, state, askedBy, isReached, workers }) => ({
      ...{ node, state, askedBy, isReached },
      would: workers.map(({ worker, would }) => `${worker} ${would}`),
    }));
  /** And each knows that its parent is there, and of the other member of its ring. */
  const everyoneLives = () =>
    eventually('the origin to know everybody', async () => {
      const nodes = await explain({ url: `${network.url('pop')}/nobody` });
      const [first, second] = nodes.flatMap(({ workers }) => workers);
      const isAgreed = first?.owner === second?.owner && nodes.every(({ isReached }) => isReached);
      return isAgreed && nodes.flatMap(({ workers }) => workers).length === 5;
    });

  test.skipIf(!canRun)(
    'a request is explained by every process of every node, and nobody is asked for it',
    async () => {
      await everyoneLives();
      const cold = await explain({ url: `${network.url('pop')}/explained` });
      expect(outlined(cold)).toEqual([
        { node: 'pop', state: 'answered', askedBy: null, isReached: true, would: ['pop.1 ask', 'pop.2 ask'] },
        { node: 'far', state: 'answered', askedBy: null, isReached: true, would: ['far ask'] },
        { node: 'shield', state: 'answered', askedBy: 'pop', isReached: true, would: ['shield ask'] },
        { node: 'origin', state: 'answered', askedBy: 'shield', isReached: true, would: ['origin ask'] },
      ]);
      expect(cold[0]?.workers[0]?.owner).toMatch(/^pop\.[12]$/);
      expect(upstream.count('/explained')).toBe(0);
    },
    30_000,
  );

  test.skipIf(!canRun)(
    'what is behind a hit is found as well, with its tags and freshness, and never its body',
    async () => {
      expect(await ask('/explained')).toBe(body);
      const warm = await explain({ path: '/explained', node: 'pop' });
      expect(warm.map(({ node, isReached }) => [node, isReached])).toEqual([
        ['pop', true],
        ['far', true],
        ['shield', true],
        ['origin', false],
      ]);
      const stored = warm.flatMap(({ node, workers }) =>
        workers.flatMap((worker) => (worker.stored ? [{ node, ...worker.stored }] : [])),
      );
      expect(stored.map(({ node }) => node)).toEqual(['pop', 'shield', 'origin']);
      for (const each of stored)
        expect(each).toMatchObject({ status: 200, tags: expect.arrayContaining(['news']) });
      expect(JSON.stringify(warm)).not.toContain(body);
      const begunAtPop = await explain({ path: '/explained', node: 'pop', nodes: ['pop'] });
      expect(begunAtPop.map(({ node, isReached }) => [node, isReached])).toEqual([
        ['pop', true],
        ['shield', false],
        ['origin', false],
      ]);
      expect(upstream.count('/explained')).toBe(1);
    },
  );

  test.skipIf(!canRun)(
    'a credential goes to no node, and questions that make no sense are refused',
    async () => {
      const url = `${network.url('pop')}/explained`;
      const fields = [
        ['Authorization', 'Bearer hunter2'],
        ['cookie', 'session=hunter2'],
      ];
      expect(JSON.stringify(await explain({ url, fields }))).not.toContain('hunter2');
      await expect(explain({ url, nodes: ['nowhere'] })).rejects.toThrow('no node nowhere');
      await expect(explain({ url, nodes: ['shield'] })).rejects.toThrow('shield is no PoP');
      await expect(explain({ url, fields: [['a b', 'c']] })).rejects.toThrow('no client can send');
      await expect(explain({ path: '/x' })).rejects.toThrow('give a url, or a path and the node');
    },
  );

  test.skipIf(!canRun)('who may not administer is told nothing, and whoever may is, at any PoP', async () => {
    const origin = network.node('origin');
    const alice = await tokenFor(origin, 'alice', [{ actions: ['read'], routes: ['*'], subjects: ['*'] }]);
    const root = await tokenFor(origin, 'root', [
      { ...everything[0], actions: ['admin'], routes: ['*'], subjects: ['*'] },
    ]);
    const at = (target: string) => `${network.url('far')}/.meridian/v1${target}`;
    for (const target of ['/purges', '/hot', '/evictions']) {
      expect((await fetch(at(target))).status).toBe(401);
      expect((await fetch(at(target), { headers: bearer(alice.token) })).status).toBe(403);
    }
    const order = { method: 'POST', body: JSON.stringify({ targets: [{ by: 'all' }] }) };
    expect((await fetch(at('/purges'), { ...order, headers: bearer(alice.token) })).status).toBe(403);
    expect((await fetch(at('/explain'), { ...order, headers: bearer(alice.token) })).status).toBe(403);
    await ask('/by-root');
    const words = ['purge', `${network.url('pop')}/by-root`, '--wait', '--json'];
    const remotely = ['--server', network.url('far'), '--token', root.token];
    const purged = await runMeridian([...words, ...remotely], { cwd: network.dir });
    expect(purged.stderr).toBe('');
    const [{ applied, selectors }] = JSON.parse(purged.stdout);
    expect(applied.all).toBe(true);
    expect(Object.keys(applied.nodes).toSorted()).toEqual(['far', 'origin', 'pop.1', 'pop.2', 'shield']);
    expect(selectors).toEqual([{ by: 'key', key: 'docs /by-root' }]);
    const audit = z
      .array(z.object({ what: z.string(), by: z.string(), subject: z.string() }))
      .parse(await api('GET', '/audit?newestFirst=true&limit=10'));
    expect(audit).toContainEqual({ what: 'cache.purge', by: 'user:root', subject: 'key docs /by-root' });
  });

  test.skipIf(!canRun)('a purge is followed node by node, and stays on the list', async () => {
    await ask('/followed');
    const url = `${network.url('pop')}/followed`;
    const targets = [
      { by: 'url', url },
      { by: 'tag', tag: 'front' },
    ];
    const { position, selectors } = purgeIssued.parse(await api('POST', '/purges', { targets, soft: false }));
    expect(selectors).toHaveLength(2);
    const path = `/purges/${encodeURIComponent(position.log)}/${position.sequence}`;
    const state = await eventually('all nodes to have it', async () => {
      const seen = purgeState.parse(await api('GET', path));
      return seen.all ? seen : null;
    });
    expect(Object.keys(state.nodes).toSorted()).toEqual(['far', 'origin', 'pop.1', 'pop.2', 'shield']);
    expect(Object.values(state.nodes).every(({ applied, ms }) => applied && ms !== null && ms < 2_000)).toBe(
      true,
    );
    expect(state.allMs).toBe(Math.max(...Object.values(state.nodes).map(({ ms }) => ms ?? 0)));
    expect((await explain({ url }))[0]?.workers.every(({ stored }) => stored === null)).toBe(true);
    const [newest] = z.array(purgeState).parse(await api('GET', '/purges?limit=1'));
    expect(newest).toMatchObject({ position, by: 'operator, by the API of origin', soft: false, selectors });
    const listed = await run('purges', '--limit', '1');
    expect(listed.stdout).toMatch(
      /operator, by the API of origin +key docs \/followed, tag front +all after \d+ ms/,
    );
    await expect(api('GET', '/purges/none/1')).rejects.toThrow('among the last ones');
    const unknown = { targets: [{ by: 'route', route: 'nowhere' }] };
    await expect(api('POST', '/purges', unknown)).rejects.toThrow('no route nowhere');
  });

  test.skipIf(!canRun)(
    'what is used most, and what has gone, is heard from every node',
    async () => {
      for (let at = 0; at < 8; at++) await ask(`/long/${at}`, 'far');
      for (let at = 0; at < 10; at++) await ask('/liked');
      const gone = await eventually(
        'evictions to be reported',
        async () => {
          const said = z.array(placedEviction).parse(await api('GET', '/evictions'));
          const isThere = (node: string, cause: string) =>
            said.some((each) => each.node === node && each.cause === cause);
          return isThere('far', 'space') && isThere('origin', 'purged') ? said : null;
        },
        { withinMs: 25_000 },
      );
      const full = gone.find(({ node, cause }) => node === 'far' && cause === 'space');
      expect([full?.tier, full?.route]).toEqual(['memory', 'docs']);
      expect(full?.key).toStartWith('docs /long/');
      expect(full?.bytes).toBeGreaterThan(lone);
      const purged = gone.filter(({ node, cause }) => node === 'origin' && cause === 'purged');
      expect(purged.map(({ key }) => key)).toContain('docs /followed');
      const hot = await eventually(
        'hits to be reported',
        async () => {
          const objects = z.array(hotObject).parse(await api('GET', '/hot'));
          return objects.find(({ key }) => key === 'docs /liked') ?? null;
        },
        { withinMs: 25_000 },
      );
      expect(hot).toMatchObject({ route: 'docs', why: 'used' });
      expect(hot.uses).toBeGreaterThan(0);
      expect((await run('hot')).stdout).toContain('docs /liked');
      expect((await run('evictions', '--node', 'far')).stdout).toMatch(/far +memory +space +docs \/long/);
    },
    60_000,
  );

  test.skipIf(!canRun)(
    'a node that has died is named, and holds nothing up',
    async () => {
      await network.node('far').kill9();
      const url = `${network.url('pop')}/explained`;
      const first = await explain({ url });
      expect(first.find(({ node }) => node === 'far')).toMatchObject({ state: 'silent', silent: ['far'] });
      expect(first.find(({ node }) => node === 'shield')?.state).toBe('answered');
      const { position } = purgeIssued.parse(await api('POST', '/purges', { targets: [{ by: 'url', url }] }));
      const path = `/purges/${encodeURIComponent(position.log)}/${position.sequence}`;
      const begun = purgeState.parse(await api('GET', path));
      expect(begun.nodes.far ?? begun.gone).toEqual(begun.nodes.far ? { applied: false, ms: null } : ['far']);
      await eventually(
        'nobody to wait for it',
        async () => {
          const { all, gone } = purgeState.parse(await api('GET', path));
          return all && gone.join() === 'far';
        },
        { withinMs: 15_000 },
      );
      const again = networkExplanation.parse(await api('POST', '/explain', { url }));
      expect(again.nodes.find(({ node }) => node === 'far')?.state).toBe('gone');
      const shown = await run('explain', url);
      expect(shown.stdout).toContain('\nfar: nothing is heard of it\n');
      expect(shown.stderr).toBe('');
      await network.node('far').restart();
    },
    60_000,
  );

  test.skipIf(!canRun)(
    'without an origin, `meridian explain` asks the nodes of this machine, and says so',
    async () => {
      await network.node('origin').stop();
      const shown = await run('explain', `${network.url('pop')}/alone`, '--node', 'pop');
      expect(shown.stderr).toContain('nodes of this machine alone were asked; --server');
      expect(shown.stdout).toMatch(/^pop: asks its parent.*\nshield: asks its parent/s);
    },
  );
});
