/**
 * .NET packages as `dotnet restore`, `dotnet package search`, `dotnet nuget push` and `delete` ask for them, request by request as NuGet's reference of
 * the protocol has it (the client itself cannot be had here), through PoP, shield and origin.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { nuget } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import { type NugetFeed, nupkg, type PackageSketch, startNugetFeed, zip } from '../support/nuget-feed.ts';

let feed: NugetFeed;
let network: TestNetwork;
let token: string;

const everything: Right = { actions: ['read', 'publish', 'delete', 'admin'], routes: ['nuget'], subjects: ['*'] };

beforeAll(async () => {
  feed = await startNugetFeed();
  feed.publish({ id: 'Leaf', version: '1.0.0' });
  feed.publish({ id: 'Leaf', version: '1.1.0' });
  feed.publish({ id: 'Trunk.Core', version: '2.0.0', dependencies: { Leaf: '[1.0.0, )' } });
  feed.publish({ id: 'Acme.Ui', version: '99.0.0' });
  for (let minor = 0; minor < 70; minor++) feed.publish({ id: 'Long', version: `1.${minor}.0` });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      nuget({
        upstreams: [{ url: feed.url, authorization: 'Basic c2VjcmV0' }],
        hosted: { names: ['acme.*', 'secret.*'], public: ['acme.*'] },
        metadata: { freshS: '1s' },
      }),
    ],
  });
  token = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await feed?.off();
});

const base = (pop = 'near') => `${network.url(pop)}/nuget`;
const resourceShape = z.object({ resources: z.array(z.object({ '@id': z.string(), '@type': z.string() })) });

/** As a client finds its way. */
async function resource(type: string, pop = 'near'): Promise<string> {
  const index = resourceShape.parse(await (await fetch(`${base(pop)}/v3/index.json`)).json());
  const found = index.resources.find((each) => each['@type'] === type);
  if (found === undefined) throw new Error(`the service index has no ${type}`);
  return found['@id'];
}

const jsonAt = async (url: string, headers = {}) => (await fetch(url, { headers })).json() as Promise<any>;

async function restore(id: string, version: string, pop = 'near'): Promise<Buffer> {
  const flat = await resource('PackageBaseAddress/3.0.0', pop);
  const lower = id.toLowerCase();
  const { versions } = await jsonAt(`${flat}${lower}/index.json`);
  if (!versions.includes(version)) throw new Error(`${id} has no ${version}: ${versions}`);
  const response = await fetch(`${flat}${lower}/${version}/${lower}.${version}.nupkg`);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

function push(bytes: Uint8Array, key: string | null = token, pop = 'near'): Promise<Response> {
  const form = new FormData();
  form.append('package', new Blob([new Uint8Array(bytes)], { type: 'application/octet-stream' }), 'package.nupkg');
  return fetch(`${base(pop)}/api/v2/package/`, {
    method: 'PUT',
    body: form,
    headers: { ...(key !== null && { 'x-nuget-apikey': key }), 'x-nuget-client-version': '6.12.0' },
  });
}

describe('restoring', () => {
  test('goes cold through all tiers, and warm without a question to the upstream', async () => {
    const cold = await restore('Trunk.Core', '2.0.0');
    expect(cold).toEqual(nupkg({ id: 'Trunk.Core', version: '2.0.0', dependencies: { Leaf: '[1.0.0, )' } }));
    feed.forget();
    expect(await restore('Trunk.Core', '2.0.0')).toEqual(cold);
    expect(feed.requests().filter(({ path }) => path.endsWith('.nupkg'))).toEqual([]);
  });
});

describe('pushing', () => {
  test('is seen at another PoP', async () => {
    const bytes = nupkg({ id: 'Acme.Ui', version: '1.0.0', dependencies: { Leaf: '1.0' } });
    const pushed = await push(bytes);
    expect([pushed.status, await pushed.text()]).toEqual([201, 'Acme.Ui 1.0.0 is published.\n']);
    expect(await restore('Acme.Ui', '1.0.0', 'far')).toEqual(bytes);
    expect((await push(bytes)).status).toBe(409);
  });
});
