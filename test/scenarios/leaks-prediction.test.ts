/**
 * What predictions must not do: fetch, or tell of, what the client who has led to them may not have; take more than they may; be asked for by anybody
 * but nodes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { npm, web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  type Registry,
  startNetwork,
  startRegistry,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { publication } from '../support/publication.ts';

let upstream: Registry;
let site: Upstream;
let network: TestNetwork;
let reader: string;
let partReader: string;

const agent = { 'user-agent': 'npm/11.6.1 node/v24.9.0 linux x64 workspaces/false' };
const secret = '@acme/secret';
const tarball = (name: string) => `${name}/-/${name.slice(name.indexOf('/') + 1)}-1.0.0.tgz`;
const pops = ['near', 'many'] as const;
type Pop = (typeof pops)[number] | 'mean' | 'forgetful';

beforeAll(async () => {
  upstream = await startRegistry();
  site = await startUpstream(({ target }) => ({
    headers: {
      'content-type': 'text/html',
      'cache-control': 'max-age=60',
      link: '</pages/style.css>; rel=preload; as=style, </npm/led>; rel=preload; as=fetch, </private/page>; rel=preload; as=fetch',
    },
    body: target,
  }));
  for (const name of ['hidden', 'shown', 'led', 'marked', 'alpha', 'omega']) upstream.publish(name, '1.0.0');
  upstream.publish('marker', '1.0.0', { dependencies: { marked: '^1.0.0' } });
  upstream.publish('small', '1.0.0', { dependencies: { huge: '^1.0.0' } });
  upstream.publish('huge', '1.0.0', { sizeBytes: 2_000_000, manifest: { dist: { unpackedSize: 10 } } });
  const upstreams = [{ url: upstream.url }];
  const parents = ['shield'];
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents },
      many: { role: 'pop', parents, workers: 3 },
      mean: { role: 'pop', parents, predict: { objectBytes: '64KiB' } },
      // What it has, it forgets when it stops; what it has learned, it does not.
      forgetful: { role: 'pop', parents, disk: false },
    },
    routes: [
      npm({ match: { path: '/npm' }, upstreams, hosted: { scopes: ['@acme'] } }),
      web({ name: 'pages', match: { path: '/pages' }, upstream: site.url }),
      web({ name: 'private', match: { path: '/private' }, access: 'closed', upstream: site.url }),
    ],
  });
  const origin = network.node('origin');
  const actions = ['read', 'publish'] as const;
  reader = (await tokenFor(origin, 'reader', [{ actions, routes: ['npm'], subjects: ['*'] }])).token;
  const some = [{ actions: ['read'] as const, routes: ['npm'], subjects: ['@acme/app'] }];
  partReader = (await tokenFor(origin, 'part', some)).token;
  await publish(secret, 'restricted', { hidden: '^1.0.0' });
  await publish('@acme/app', 'restricted', { [secret]: '^1.0.0', shown: '^1.0.0' });
  for (const pop of pops) await publish(`@acme/for-${pop}`, 'public', { [secret]: '^1.0.0' });
  await publish('@acme/open', 'public', { [secret]: '^1.0.0', shown: '^1.0.0' });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  await site?.off();
}, 30_000);

async function publish(
  name: string,
  access: 'public' | 'restricted',
  dependencies: Readonly<Record<string, string>>,
): Promise<void> {
  const made = publication(name, '1.0.0', { access });
  const versions = { '1.0.0': { ...made.versions['1.0.0'], dependencies } };
  const answer = await fetch(`${network.url('near')}/npm/${name}`, {
    method: 'PUT',
    headers: bearer(reader),
    body: JSON.stringify({ ...made, versions }),
  });
  expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
}

function get(pop: Pop, path: string, fields: Record<string, string> = {}) {
  return fetch(`${network.url(pop)}/npm/${path}`, { headers: { ...agent, ...fields } });
}

async function isAt(pop: Pop, path: string, fields: Record<string, string> = {}): Promise<boolean> {
  const answer = await get(pop, path, { ...fields, 'cache-control': 'only-if-cached' });
  await answer.bytes();
  return answer.status === 200;
}

/** What has been asked for ahead at the shield, once what was asked of it has been answered, and something that was foreseen after that is here. */
async function ledTo(pop: Pop, name: string, fields: Record<string, string>): Promise<readonly string[]> {
  const seen = await network.during(async () => {
    const answer = await get(pop, name, fields);
    await answer.bytes();
    const other = { ...agent, 'user-agent': `npm/11.6.1 node/v24.9.1 linux x64 ${crypto.randomUUID()}` };
    await (await get(pop, 'marker', other)).bytes();
    await eventually('what is foreseen after it', () => isAt(pop, tarball('marked')));
  });
  return seen.asked('shield').map(({ target }) => target);
}

describe.each(pops)('what is for some only, at %s', (pop) => {
  test('is not fetched for somebody else, nor what it needs, nor what comes with it', async () => {
    for (const name of ['@acme/open', secret, '@acme/app']) {
      const targets = await ledTo(pop, name.replace('/', '%2f'), {});
      const about = targets.filter((target) => /hidden|shown|secret-1/.test(target));
      expect([name, about]).toEqual([name, []]);
    }
    for (const name of ['hidden', 'shown']) expect([name, await isAt(pop, name)]).toEqual([name, false]);
  }, 30_000);

  test('is not fetched for somebody who may have what leads to it alone', async () => {
    const answer = await get(pop, '@acme%2fapp', bearer(partReader));
    expect(answer.status).toBe(200);
    const targets = await ledTo(pop, '@acme%2fapp', bearer(partReader));
    expect(targets.filter((target) => /hidden|shown|secret-1/.test(target))).toEqual([]);
  }, 30_000);

  test('is fetched for whoever may have it, and given to nobody else', async () => {
    expect((await get(pop, `@acme%2ffor-${pop}`, bearer(reader))).status).toBe(200);
    await eventually('what it needs', () => isAt(pop, tarball(secret), bearer(reader)));
    await eventually('what that needs', () => isAt(pop, tarball('hidden')));
    for (const fields of [{}, bearer(partReader), { 'cache-control': 'only-if-cached' }])
      expect([401, 403]).toContain((await get(pop, tarball(secret), fields)).status);
  }, 30_000);
});

test('what somebody has asked for who may have it is not learned for others, though nothing of it is known here after a restart', async () => {
  const pop = 'forgetful';
  const wanted = ['alpha', '@acme%2fsecret', 'omega'];
  /** Of whom nothing is known but what was learned. */
  const asks = (path: string, fields: Record<string, string> = {}) =>
    get(pop, path, { 'user-agent': `fetcher/1.0 ${crypto.randomUUID()}`, ...fields });
  const alike = { 'user-agent': 'fetcher/1.0', ...bearer(reader) };
  for (const path of wanted) expect((await asks(path, alike)).status).toBe(200);
  await network.node(pop).stop();
  await network.node(pop).restart();
  for (const fields of [{}, bearer(partReader)]) {
    const seen = await network.during(async () => {
      await (await asks('alpha', fields)).bytes();
      await (
        await get(pop, 'marker', { 'user-agent': `${agent['user-agent']} ${crypto.randomUUID()}` })
      ).bytes();
      await eventually('what is foreseen after it', () => isAt(pop, tarball('marked')));
    });
    const targets = seen.asked('shield').map(({ target }) => target);
    expect(targets.filter((target) => /secret|omega/.test(target))).toEqual([]);
  }
  await eventually('the rest for whoever may have it', async () => {
    // Who he is has to be found out before it counts.
    await (await asks('alpha', bearer(reader))).bytes();
    const fields = { 'user-agent': 'somebody', 'cache-control': 'only-if-cached', ...bearer(reader) };
    return (await get(pop, '@acme%2fsecret', fields)).status === 200;
  });
}, 30_000);

test('what is longer than may be fetched on a guess does not come, whatever was said of it, and comes when somebody asks', async () => {
  expect((await get('mean', 'small')).status).toBe(200);
  await eventually('the document of what it needs', () => isAt('mean', 'huge'));
  await eventually('the attempt', () =>
    upstream.requests().some(({ target }) => target.endsWith('huge-1.0.0.tgz')),
  );
  expect(await isAt('mean', tarball('huge'))).toBe(false);
  const answer = await get('mean', tarball('huge'));
  expect([answer.status, (await answer.bytes()).byteLength > 500_000]).toEqual([200, true]);
}, 30_000);

test('a page leads to nothing of other routes', async () => {
  const browser = {
    'user-agent': 'Mozilla/5.0 Chrome/140.0',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    accept: 'text/html',
  };
  const seen = await network.during(async () => {
    await (
      await fetch(`${network.url('near')}/pages/`, {
        headers: { ...browser, cookie: 'a=b', authorization: 'Basic eA==' },
      })
    ).bytes();
    await (await fetch(`${network.url('near')}/pages/`, { headers: browser })).bytes();
    await eventually('its style', async () => {
      const headers = { ...browser, accept: 'text/css,*/*;q=0.1', 'cache-control': 'only-if-cached' };
      return (await fetch(`${network.url('near')}/pages/style.css`, { headers })).status === 200;
    });
  });
  const targets = seen.asked('shield').map(({ target }) => target);
  expect(targets.filter((target) => /led|private/.test(target))).toEqual([]);
  const fetched = site.requests().filter(({ target }) => target.endsWith('style.css'));
  expect(fetched.length).toBeGreaterThan(0);
  for (const { headers } of fetched) {
    expect(headers.has('cookie')).toBe(false);
    expect(headers.has('authorization')).toBe(false);
  }
}, 30_000);

test('nobody who only says that he is a node is told what is foreseen', async () => {
  const question =
    '/.meridian/ahead/2/npm?tool=npm&os=linux&cpu=x64&libc=glibc&form=abbreviated&name=%40acme%2Fsecret';
  const claims = [
    {},
    { 'meridian-tier': 'near ahead 1 f x' },
    { 'meridian-tier': 'shield ahead 9999999999999 id 192.0.2.1 AAAAAAAA', 'meridian-sibling': 'near' },
    { 'meridian-hop': 'near 1 id 192.0.2.1 http://x - AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
  ];
  for (const node of ['origin', 'shield', 'near', 'many'])
    for (const headers of claims) {
      const answer = await fetch(network.url(node) + question, { headers });
      const text = await answer.text();
      expect([node, headers, answer.status >= 400, text.includes('hidden')]).toEqual([
        node,
        headers,
        true,
        false,
      ]);
    }
});
