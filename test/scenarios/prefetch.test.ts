/**
 * What is ordered at PoPs before anybody asks for it: by the API, by jobs that may and by some that may not, of every kind of route; what is refused is
 * named, and what somebody may not read is not told from what there is not.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { fileTree, npm, oci, pypi, web } from '../../src/index.ts';
import { type PrefetchState, prefetchState } from '../../src/messages/prefetch-order.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  type Asked,
  eventually,
  runMeridian,
  startNetwork,
  startRegistry,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { publication } from '../support/publication.ts';
import { pushArtifact } from '../support/push.ts';
import { type PythonIndex, startPythonIndex } from '../support/python-index.ts';
import type { Registry } from '../support/registry.ts';

let registry: Registry;
let index: PythonIndex;
let server: Upstream;
let network: TestNetwork;
let version = 1;
const tokens = new Map<string, string>();

const everywhere: Pick<Right, 'routes' | 'subjects'> = { routes: ['*'], subjects: ['*'] };
const secret = '@acme/secret';

beforeAll(async () => {
  registry = await startRegistry();
  for (const name of ['one', 'two', 'bad']) registry.publish(name, '1.0.0');
  index = await startPythonIndex();
  index.publish({ name: 'app', version: '2.0' });
  server = await startUpstream(({ path }) => {
    if (path.includes('gone')) return { status: 404 };
    const tag = path.endsWith('moving.txt') ? `moving ${version}` : 'still';
    const headers = { 'cache-control': 'max-age=600', etag: `"${tag}"`, 'content-type': 'text/plain' };
    return { headers, body: `${path} ${tag} ${'text '.repeat(1_000)}` };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      lhr: { role: 'pop', parents: ['origin'], workers: 2 },
      nrt: { role: 'pop', parents: ['origin'] },
    },
    routes: [
      npm({
        match: { path: '/npm' },
        upstreams: [{ url: registry.url }],
        hosted: { scopes: ['@acme'] },
        policy: { blocked: ['bad'] },
      }),
      oci({ hosted: { names: ['*'], public: ['open/*'] } }),
      pypi({ match: { path: '/pypi' }, upstreams: [{ url: `${index.url}/simple` }] }),
      fileTree({ match: { path: '/files' }, upstreams: [{ url: server.url }], immutable: ['v*'] }),
      web({ name: 'closed', match: { path: '/closed' }, access: 'closed', upstream: server.url }),
      web({ name: 'www', match: { path: '/www' }, upstream: server.url, freshness: { freshS: '1s' } }),
    ],
    warm: [
      { route: 'www', what: ['/www/moving.txt', '/www/gone.txt'], to: ['nrt'], everyS: '1s' },
      { route: 'npm', what: ['two@latest'], to: ['nr*'] },
    ],
  });
  const origin = network.node('origin');
  const rights: Readonly<Record<string, readonly Right[]>> = {
    owner: [
      {
        ...everywhere,
        actions: ['read', 'publish', 'prefetch'],
        subjects: ['@acme/*', 'closed/*', 'open/*'],
      },
      { ...everywhere, actions: ['prefetch'] },
    ],
    outsider: [{ ...everywhere, actions: ['prefetch'] }],
    reader: [{ ...everywhere, actions: ['read'] }],
    admin: [{ ...everywhere, actions: ['admin', 'read'] }],
  };
  for (const [name, given] of Object.entries(rights))
    tokens.set(name, (await tokenFor(origin, name, given)).token);
  const owner = tokens.get('owner') ?? '';
  const put = await fetch(`${network.url('lhr')}/npm/${secret.replace('/', '%2f')}`, {
    ...{ method: 'PUT', body: JSON.stringify(publication(secret, '1.0.0', { access: 'restricted' })) },
    headers: { ...bearer(owner), 'content-type': 'application/json' },
  });
  expect(put.status).toBeLessThan(300);
  const layers = [['application/vnd.oci.image.layer.v1.tar', 'layer of the image']] as const;
  for (const name of ['open/app', 'closed/app'])
    await pushArtifact(network.url('lhr'), owner, name, 'v1', { layers });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await Promise.all([registry?.off(), index?.off(), server?.off()]);
}, 30_000);

const api = (who: string | null, method: string, path: string, body?: unknown) =>
  fetch(`${network.url('lhr')}/.meridian/v1${path}`, {
    ...{
      method,
      headers: { ...(who !== null && bearer(tokens.get(who) ?? '')), 'content-type': 'application/json' },
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

type Order = Record<string, unknown>;

/** Until all that it comes to has been found out. */
async function ordered(who: string, order: Order): Promise<PrefetchState> {
  const answer = await api(who, 'POST', '/prefetch', order);
  if (answer.status !== 200) throw new Error(await answer.text());
  const { id } = prefetchState.parse(await answer.json());
  return settled(who, id, ({ state }) => state !== 'looking');
}

async function settled(
  who: string,
  id: string,
  is: (state: PrefetchState) => boolean,
): Promise<PrefetchState> {
  let state: PrefetchState | null = null;
  await eventually(`the order ${id}`, async () => {
    state = prefetchState.parse(await (await api(who, 'GET', `/prefetch/${id}`)).json());
    return is(state);
  });
  return prefetchState.parse(state);
}

const whole = ({ nodes }: PrefetchState) => nodes.every(({ state }) => state === 'whole');
const versions = (route: string, ...packages: readonly (readonly [string, string])[]) => ({
  versions: [{ route, packages: packages.map(([name, version]) => ({ name, version })) }],
});
/** Asks, and gives what its parent was asked for that. */
async function parentAsked(pop: string, target: string, headers: Record<string, string> = {}) {
  const seen = await network.during(async () => {
    const answer = await fetch(network.url(pop) + target, { headers });
    expect([target, answer.status]).toEqual([target, 200]);
    await answer.bytes();
  });
  return seen.asked('origin').filter((each: Asked) => each.target === target);
}

describe('what is ordered', () => {
  test('of every kind of route, is at these nodes, and their parent is asked for none of it', async () => {
    const state = await ordered('owner', {
      to: ['lhr'],
      versions: [
        { protocol: 'npm', packages: [{ name: 'one', version: '1.0.0' }] },
        { route: 'oci', packages: [{ name: 'open/app', version: 'v1' }] },
        { route: 'pypi', packages: [{ name: 'App', version: '2.0' }] },
      ],
      addresses: ['/files/v1/tool.txt', 'http://any.example/www/page.txt?a=1', '/npm/one'].map((url) => ({
        url,
      })),
    });
    expect([state.state, state.refused, state.wanted, state.looked]).toEqual(['told', [], 6, 6]);
    expect((await settled('owner', state.id, whole)).nodes.map(({ node }) => node)).toEqual(['lhr']);
    const manifest = await (await fetch(`${network.url('lhr')}/v2/open/app/manifests/v1`)).json();
    const { layers } = z.object({ layers: z.array(z.object({ digest: z.string() })) }).parse(manifest);
    for (const target of [
      ...['/npm/one/-/one-1.0.0.tgz', '/v2/open/app/manifests/v1', `/v2/open/app/blobs/${layers[0]?.digest}`],
      ...['/files/v1/tool.txt', '/pypi/files/app/app-2.0-py3-none-any.whl'],
    ])
      expect([target, await parentAsked('lhr', target)]).toEqual([target, []]);
    const words = {
      '/www/page.txt?a=1': { 'accept-encoding': 'gzip, deflate, br, zstd' },
      '/pypi/simple/app/': {
        accept: 'application/vnd.pypi.simple.v1+json',
        'accept-encoding': 'gzip, deflate',
      },
      '/npm/one': { accept: 'application/vnd.npm.install-v1+json', 'accept-encoding': 'gzip' },
    };
    for (const [target, headers] of Object.entries(words))
      expect([target, await parentAsked('lhr', target, headers)]).toEqual([target, []]);
    expect(await parentAsked('nrt', '/npm/one/-/one-1.0.0.tgz')).toHaveLength(1);
  }, 30_000);

  test('and is refused by the policy, or is nowhere, is named, and the rest goes on', async () => {
    const state = await ordered('owner', {
      ...{
        to: ['nrt'],
        ...versions('npm', ['one', '1.0.0'], ['bad', '1.0.0'], ['one', '9.9.9'], ['none', '1.0.0']),
      },
      addresses: [{ url: '/www/gone' }, { url: '/npm/-/v1/search?text=a' }],
    });
    expect([state.state, state.items, state.refusedCount]).toEqual(['told', 1, 5]);
    const why = new Map(state.refused.map((each) => [each.what, each.why]));
    expect(why.get('bad@1.0.0')).toContain('blocked');
    expect(why.get('one@9.9.9')).toContain('no such thing');
    expect(why.get('none@1.0.0')).toContain('no such thing');
    expect(why.get('/www/gone')).toContain('no such thing');
    expect(why.get('/npm/-/v1/search?text=a')).toContain('nothing is ever kept');
  });

  test('dry, is looked at, and nobody is told', async () => {
    const state = await ordered('owner', { to: ['*'], dryRun: true, ...versions('npm', ['two', 'latest']) });
    expect([state.items, state.nodes]).toEqual([3, []]);
    const listed = z.array(prefetchState).parse(await (await api('owner', 'GET', '/prefetch')).json());
    expect(listed.some(({ id }) => id === state.id)).toBe(false);
  });

  test('under the name of an earlier one, takes its place', async () => {
    const order = { to: ['nrt'], name: 'acme/app main' };
    const first = await ordered('owner', { ...order, ...versions('npm', ['one', '1.0.0']) });
    const second = await ordered('owner', { ...order, ...versions('npm', ['two', '1.0.0']) });
    await eventually(
      'the first to be gone',
      async () => (await api('owner', 'GET', `/prefetch/${first.id}`)).status === 404,
    );
    expect((await settled('owner', second.id, whole)).items).toBe(1);
  });

  test('is let go of by whoever has ordered it, or administers, and is nobody else’s to see', async () => {
    const { id } = await ordered('owner', { to: ['nrt'], ...versions('npm', ['one', '1.0.0']) });
    for (const who of ['outsider', 'reader']) {
      expect((await api(who, 'GET', `/prefetch/${id}`)).status).toBe(404);
      expect((await api(who, 'DELETE', `/prefetch/${id}`)).status).toBe(404);
      expect(JSON.stringify(await (await api(who, 'GET', '/prefetch')).json())).not.toContain(id);
    }
    expect((await api('admin', 'GET', `/prefetch/${id}`)).status).toBe(200);
    expect((await api('owner', 'DELETE', `/prefetch/${id}`)).status).toBe(200);
    expect((await api('owner', 'GET', `/prefetch/${id}`)).status).toBe(404);
  });
});

describe('rights', () => {
  const things = [
    { restricted: versions('npm', [secret, '1.0.0']), absent: versions('npm', ['@acme/none', '1.0.0']) },
    { restricted: versions('oci', ['closed/app', 'v1']), absent: versions('oci', ['closed/none', 'v1']) },
    { restricted: versions('oci', ['closed/app', 'v1']), absent: versions('oci', ['closed/app', 'v2']) },
    {
      restricted: { addresses: [{ url: '/closed/page' }] },
      absent: { addresses: [{ url: '/closed/gone' }] },
    },
  ] as const;

  test.each(things)(
    'what somebody may not read is to him what there is not (%#)',
    async ({ restricted, absent }) => {
      const told = async (what: Order) => {
        const { items, bytes, refused, nodes } = await ordered('outsider', { to: ['nrt'], ...what });
        return { items, bytes, why: refused.map(({ why }) => why), has: nodes.map(({ wanted }) => wanted) };
      };
      const seen = await told(restricted);
      expect(seen).toEqual(await told(absent));
      expect([seen.items, seen.why.length]).toEqual([0, 1]);
    },
  );

  test('whoever may read it has it fetched, and others still do not get it there', async () => {
    const both = [
      ...versions('npm', [secret, '1.0.0']).versions,
      ...versions('oci', ['closed/app', 'v1']).versions,
    ];
    const { id, refused } = await ordered('owner', { to: ['nrt'], versions: both });
    expect(refused).toEqual([]);
    await settled('owner', id, whole);
    const tarball = `/npm/${secret}/-/secret-1.0.0.tgz`;
    expect(await parentAsked('nrt', tarball, bearer(tokens.get('owner') ?? ''))).toEqual([]);
    for (const target of [tarball, '/v2/closed/app/manifests/v1']) {
      const answer = await fetch(network.url('nrt') + target, {
        headers: bearer(tokens.get('outsider') ?? ''),
      });
      expect([401, 403, 404]).toContain(answer.status);
    }
  });

  test('who may read, and not order, is told so; who has no token may not even ask', async () => {
    const order = { to: ['nrt'], ...versions('npm', ['one', '1.0.0']) };
    const state = await ordered('reader', order);
    expect([state.items, state.refused]).toEqual([
      0,
      [{ what: 'one@1.0.0', why: expect.stringContaining('`prefetch`') }],
    ]);
    expect((await api(null, 'POST', '/prefetch', order)).status).toBe(401);
    expect((await api(null, 'GET', '/prefetch')).status).toBe(401);
  });
});

describe('what makes no sense', () => {
  const one = versions('npm', ['one', '1.0.0']);
  test.each([
    [{ to: ['lhrr'], ...one }, 'lhrr is no PoP or shield of this network. Did you mean lhr?'],
    [{ to: ['origin'], ...one }, 'origin is no PoP'],
    [{ to: ['lhr'], ...versions('npmm', ['one', '1.0.0']) }, 'no route npmm. Did you mean npm?'],
    [
      { to: ['lhr'], versions: [{ protocol: 'cargo', packages: [{ name: 'a', version: '1' }] }] },
      'no route for cargo',
    ],
    [{ to: ['lhr'], addresses: [{ url: '/nowhere/a' }] }, 'no route serves /nowhere/a'],
    [{ to: ['lhr'], addresses: [{ url: 'ftp://a/b' }] }, 'neither an http or https URL nor a path'],
    [{ to: ['lhr'], addresses: [{ route: 'npm', url: '/www/a' }] }, 'no address of the route npm'],
    [{ to: ['lhr'] }, 'nothing is ordered'],
    [{ to: [], ...one }, 'to'],
    [{ to: ['lhr'], ...one, forS: 1 }, 'forS'],
    [{ to: ['lhr'], ...one, bases: ['not an address'] }, 'bases'],
  ])('is refused by name: %j', async (order, why) => {
    const answer = await api('owner', 'POST', '/prefetch', order);
    expect([answer.status, JSON.stringify(await answer.json())]).toEqual([400, expect.stringContaining(why)]);
  });
});

describe('what nodes always have', () => {
  test('follows the upstream, is shown to who administers, and is not let go of', async () => {
    const warm = async () => {
      const all = z.array(prefetchState).parse(await (await api('admin', 'GET', '/prefetch')).json());
      return all.filter(({ by }) => by === 'config');
    };
    await eventually('both to be whole', async () => {
      const all = await warm();
      return all.length === 2 && all.every((each) => each.state === 'told' && whole(each));
    });
    const all = await warm();
    const [pages, packages] = [all.find(({ to }) => to[0] === 'nrt'), all.find(({ to }) => to[0] === 'nr*')];
    expect(pages).toMatchObject({
      to: ['nrt'],
      items: 1,
      refused: [{ what: '/www/gone.txt' }],
      untilMs: null,
    });
    expect(packages).toMatchObject({ items: 3, refused: [] });
    expect(JSON.stringify(await (await api('owner', 'GET', '/prefetch')).json())).not.toContain('config');
    expect((await api('admin', 'DELETE', `/prefetch/${pages?.id}`)).status).toBe(403);
    version = 2;
    await fetch(`${network.url('lhr')}/www/moving.txt`, { headers: { 'cache-control': 'no-cache' } });
    const browser = { 'accept-encoding': 'gzip, deflate, br, zstd', 'cache-control': 'only-if-cached' };
    await eventually('the newer one to be there', async () => {
      const answer = await fetch(`${network.url('nrt')}/www/moving.txt`, { headers: browser });
      return answer.status === 200 && (await answer.text()).includes('moving 2');
    });
  }, 30_000);
});

describe('the command', () => {
  const run = (...words: string[]) =>
    runMeridian(['prefetch', ...words], {
      cwd: network.dir,
      env: { MERIDIAN_URL: network.url('lhr'), MERIDIAN_TOKEN: tokens.get('owner') ?? '' },
    });

  test('takes images, packages, addresses and lists, and says how far each node is', async () => {
    writeFileSync(join(network.dir, 'what.list'), '# for the next job\n/www/listed.txt\n\nopen/app:v1\n');
    const items = ['what.list', 'one@1.0.0', '/files/v1/other.txt'];
    const ran = await run(...items, '--to', 'lhr,nrt', '--for', '2h', '--wait');
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toMatch(/lhr +whole +(\d+) of \1 /);
    expect(ran.stdout).toMatch(/nrt +whole +(\d+) of \1 /);
    const [, id = ''] = /^(\w+): /.exec(ran.stdout) ?? [];
    expect((await run('list')).stdout).toContain(id);
    expect((await run('show', id, '--json')).stdout).toContain('"state": "whole"');
    expect((await run('remove', id)).stdout).toContain('let go of');
    const gone = await run('show', id);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('has expired')]);
  }, 30_000);

  test('ends with 1 where something is refused, and names it', async () => {
    const ran = await run('bad@1.0.0', 'one@1.0.0', '--route', 'npm', '--to', 'lhr', '--wait');
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining('refused: bad@1.0.0: ')]);
  });

  test.each([
    [['one@1.0.0'], 2, 'To which nodes?'],
    [['one@1.0.0', '--to', 'lhrr'], 1, 'Did you mean lhr?'],
    [['one@1.0.0', '--to', 'lhr', '--route', 'npmm'], 2, 'Did you mean npm?'],
    [['one', '--to', 'lhr', '--route', 'npm'], 2, 'Which version of one?'],
    [['package-lock.json', '--to', 'lhr'], 2, 'There is no file package-lock.json'],
    [['broken.lockb', '--to', 'lhr'], 2, 'no lock file that is known here: package-lock.json'],
    [['broken.list', '--to', 'lhr'], 2, 'broken.list, line 1'],
    [['one@1.0.0', '--to', 'lhr', '--for', 'ever'], 2, '--for takes a time'],
    [['one@1.0.0', '--to', 'lhr', '--wait', '--dry-run'], 2, '--wait'],
    [['remove'], 2, 'remove ID'],
  ])('says what is wrong: %j', async (words, code, why) => {
    for (const name of ['broken.lockb', 'broken.list'])
      writeFileSync(join(network.dir, name), '{ "a": 1 }\n');
    const ran = await run(...words);
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(why)]);
  });

  test('a node that is away is told from one that has it', async () => {
    await network.node('nrt').kill9();
    const ran = await run('two@1.0.0', '--route', 'npm', '--to', 'lhr,nrt', '--wait', '--json');
    const states = prefetchState.parse(JSON.parse(ran.stdout)).nodes.map(({ node, state }) => [node, state]);
    expect([ran.code, states]).toEqual([
      3,
      [
        ['lhr', 'whole'],
        ['nrt', 'away'],
      ],
    ]);
    await network.node('nrt').restart();
  }, 40_000);
});
