/**
 * Charts through a PoP and a shield, as Helm asks for them (its documentation of chart repositories) and as helm-push and curl publish them
 * (ChartMuseum's interface): from repositories upstream and from one that lives here.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { helm } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { packChart, sha256Of } from '../support/chart.ts';
import {
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

let upstream: Upstream;
let network: TestNetwork;
let alice: string;
let index: string;
const nginx = packChart({ name: 'nginx', version: '1.2.3' });
const wrong = packChart({ name: 'wrong', version: '1.0.0' });
const everything: Right = { actions: ['read', 'publish', 'delete'], routes: ['helm'], subjects: ['*'] };

const entry = (
  name: string,
  version: string,
  bytes: Uint8Array,
  url = `${name}-${version}.tgz`,
) => `  ${name}:
  - apiVersion: v2
    appVersion: 1.10
    created: "2024-05-01T12:00:00.000Z"
    description: A chart & its *values*
    digest: ${sha256Of(bytes)}
    name: ${name}
    urls:
    - ${url}
    version: ${version}
`;

beforeAll(async () => {
  const files = new Map<string, Uint8Array>([
    ['/charts/nginx-1.2.3.tgz', nginx],
    ['/charts/nginx-1.2.3.tgz.prov', Buffer.from('-----BEGIN PGP SIGNED MESSAGE-----\n')],
    ['/charts/wrong-1.0.0.tgz', nginx],
    ['/charts/acme-app-1.0.0.tgz', nginx],
  ]);
  index = `apiVersion: v1\nentries:\n${entry('nginx', '1.2.3', nginx)}${entry('wrong', '1.0.0', wrong)}${entry('acme-app', '1.0.0', nginx)}${entry('images', '1.0.0', nginx, 'oci://registry.example.com/charts/images:1.0.0')}generated: "2024-05-01T12:00:00.000Z"\n`;
  upstream = await startUpstream(({ path }) => {
    if (path === '/charts/index.yaml')
      return { body: index, headers: { 'content-type': 'text/yaml', etag: `"${Bun.hash(index)}"` } };
    const body = files.get(path);
    return body === undefined ? { status: 404 } : { body };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      helm({
        upstreams: [{ name: 'stable', url: `${upstream.url}/charts` }],
        hosted: { names: ['acme-*'], public: ['acme-open'] },
      }),
      helm({ match: { path: '/alone' }, name: 'alone', upstreams: [{ url: `${upstream.url}/charts` }] }),
    ],
  });
  alice = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
});

const url = (path: string, pop = 'near') => `${network.url(pop)}/helm/${path}`;
const versions = z.array(z.looseObject({ name: z.string(), version: z.string(), urls: z.array(z.string()) }));
const indexForm = z.looseObject({ apiVersion: z.literal('v1'), entries: z.record(z.string(), versions) });

/** As helm reads it: the index, and in it the address of a chart, relative to that of the index. */
async function readIndex(repository: string, pop = 'near', headers = {}) {
  const response = await fetch(url(`${repository}/index.yaml`, pop), { headers });
  expect(response.status).toBe(200);
  return indexForm.parse(Bun.YAML.parse(await response.text()));
}

async function fetchChart(repository: string, name: string, pop = 'near', headers = {}) {
  const { entries } = await readIndex(repository, pop, headers);
  const address = entries[name]?.[0]?.urls[0] ?? '';
  return fetch(new URL(address, url(`${repository}/`, pop)), { headers });
}

describe('charts of an upstream', () => {
  test('are found in its index, with addresses of this network, and compared with its digests', async () => {
    const { entries } = await readIndex('stable');
    expect(Object.keys(entries)).toEqual(['nginx', 'wrong', 'images']);
    expect(entries['nginx']?.[0]).toMatchObject({
      appVersion: '1.1',
      urls: ['charts/nginx/1.2.3/nginx-1.2.3.tgz'],
      digest: sha256Of(nginx),
    });
    expect(entries['images']?.[0]?.urls).toEqual(['oci://registry.example.com/charts/images:1.0.0']);
    const chart = await fetchChart('stable', 'nginx');
    expect(await chart.bytes()).toEqual(new Uint8Array(nginx));
    const signed = await fetch(url('stable/charts/nginx/1.2.3/nginx-1.2.3.tgz.prov'));
    expect(await signed.text()).toStartWith('-----BEGIN PGP');
  });

  test('come from caches afterwards, also while the upstream is away', async () => {
    await (await fetchChart('stable', 'nginx')).bytes();
    upstream.forget();
    expect(await (await fetchChart('stable', 'nginx', 'far')).bytes()).toEqual(new Uint8Array(nginx));
    expect(upstream.count()).toBe(0);
    await upstream.off();
    expect(await (await fetchChart('stable', 'nginx', 'far')).bytes()).toEqual(new Uint8Array(nginx));
    await upstream.on();
  });

  test('with other bytes than the index says are given to nobody', async () => {
    const response = await fetchChart('stable', 'wrong').then(
      async (answer) => (answer.ok ? answer.bytes() : answer.status),
      () => 'broken off',
    );
    expect(response).not.toEqual(new Uint8Array(nginx));
  });

  test('of one repository alone are at the root, and are kept for good by a lock file', async () => {
    const address = `${network.url('near')}/alone/charts/nginx-1.2.3.tgz`;
    expect((await fetch(`${network.url('near')}/alone/index.yaml`)).status).toBe(200);
    const lock = join(network.dir, 'Chart.lock');
    await Bun.write(
      lock,
      `dependencies:\n- name: nginx\n  repository: ${upstream.url}/charts\n  version: 1.2.3\ndigest: x\n`,
    );
    const words = ['mirror', '--lock', lock, '--route', 'alone', '--config', network.configFile];
    const ran = await runMeridian(words, { cwd: network.dir });
    expect([ran.code, ran.stderr, ran.stdout]).toEqual([0, '', expect.stringContaining('mirrored')]);
    expect(await (await fetch(address)).bytes()).toEqual(new Uint8Array(nginx));
  });

  test('of a name that lives here are not taken from it', async () => {
    const response = await fetch(url('stable/charts/acme-app/1.0.0/acme-app-1.0.0.tgz'), {
      headers: bearer(alice),
    });
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('lives in this network'),
    ]);
  });
});

describe('charts that live here', () => {
  const push = (
    body: Uint8Array<ArrayBuffer> | FormData | string,
    headers: Record<string, string> = {},
    repository = 'acme',
  ) =>
    fetch(url(`${repository}/api/charts`), {
      method: 'POST',
      body,
      headers: { ...bearer(alice), ...headers },
    });

  test('are published as ChartMuseum takes them, and in the index at once', async () => {
    const one = packChart({ name: 'acme-open', version: '1.0.0', readme: '# Open\n' });
    const raw = await push(new Uint8Array(one));
    expect([raw.status, await raw.json()]).toEqual([201, { saved: true }]);
    expect((await readIndex('acme', 'far'))['serverInfo']).toEqual({ contextPath: '/helm/acme' });
    expect(await (await fetchChart('acme', 'acme-open', 'far')).bytes()).toEqual(new Uint8Array(one));

    const two = packChart({ name: 'acme-open', version: '1.1.0+build.1' });
    const form = new FormData();
    form.set('chart', new File([new Uint8Array(two)], 'acme-open-1.1.0+build.1.tgz'));
    form.set('prov', new File(['signed'], 'acme-open-1.1.0+build.1.tgz.prov'));
    expect((await push(form)).status).toBe(201);
    const { entries } = await readIndex('acme', 'far');
    expect(entries['acme-open']?.map(({ version }) => version)).toEqual(['1.1.0+build.1', '1.0.0']);
    expect(await (await fetchChart('acme', 'acme-open', 'far')).bytes()).toEqual(new Uint8Array(two));
    const signed = await fetch(
      url('acme/charts/acme-open/1.1.0%2Bbuild.1/acme-open-1.1.0%2Bbuild.1.tgz.prov'),
    );
    expect(await signed.text()).toBe('signed');
    const list = await fetch(url('acme/api/charts/acme-open'));
    expect(versions.parse(await list.json())).toHaveLength(2);

    const other = await push(
      new Uint8Array(packChart({ name: 'acme-open', version: '1.0.0', readme: 'other' })),
    );
    expect([other.status, await other.json()]).toEqual([
      409,
      { error: expect.stringContaining('other bytes') },
    ]);
    const gone = await fetch(url('acme/api/charts/acme-open/1.0.0'), {
      method: 'DELETE',
      headers: bearer(alice),
    });
    expect([gone.status, await gone.json()]).toEqual([200, { deleted: true }]);
    expect((await readIndex('acme', 'far')).entries['acme-open']).toHaveLength(1);
  });

  test('are for those who may read them', async () => {
    expect(
      (await push(new Uint8Array(packChart({ name: 'acme-app', version: '1.0.0' })), {}, 'secret')).status,
    ).toBe(201);
    for (const path of [
      'secret/index.yaml',
      'secret/charts/acme-app/1.0.0/acme-app-1.0.0.tgz',
      'secret/api/charts',
    ])
      expect([path, (await fetch(url(path, 'far'))).status]).toEqual([path, 401]);
    const basic = { authorization: `Basic ${btoa(`token:${alice}`)}` };
    expect((await fetchChart('secret', 'acme-app', 'far', basic)).status).toBe(200);
    expect((await fetch(url('secret/index.yaml', 'far'))).status).toBe(401);
  });

  test('are refused where they are nothing of the kind, and nothing of them is kept', async () => {
    const bad: readonly (readonly [string, Uint8Array, number])[] = [
      ['text', Buffer.from('hello'), 400],
      ['truncated', nginx.subarray(0, nginx.length - 40), 400],
      ['another name', packChart({ name: 'other', version: '1.0.0' }), 403],
      ['a way out', packChart({ name: 'acme-open', version: '1.0.0', path: '../../etc/passwd' }), 400],
      ['no version', packChart({ name: 'acme-open', version: 'latest' }), 400],
      [
        'aliases',
        packChart({ name: 'acme-open', version: '3.0.0', more: 'keywords: &a [x]\nsources: *a\n' }),
        400,
      ],
      ['a bomb', packChart({ name: 'acme-open', version: '3.0.0', more: bomb() }), 400],
      ['folder', packChart({ name: 'acme-open', version: '3.0.0', folder: 'else' }), 400],
    ];
    for (const [what, bytes, status] of bad) {
      const response = await push(new Uint8Array(bytes), {}, 'bad');
      expect([what, response.status]).toEqual([what, status]);
    }
    expect((await readIndex('bad', 'far')).entries).toEqual({});
    expect((await push('x', {}, 'stable')).status).toBe(403);
    for (const path of ['bad/charts/..%2f..%2fetc', 'b%00d/index.yaml'])
      expect([path, (await fetch(url(path))).status]).toEqual([path, 400]);
  });
});

/** What repeats what repeats what …: some 10^9 words. */
function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let nth = 1; nth < 9; nth++)
    lines.push(
      `a${nth}: &a${nth} [${Array(10)
        .fill(`*a${nth - 1}`)
        .join(', ')}]`,
    );
  return `${lines.join('\n')}\n`;
}
