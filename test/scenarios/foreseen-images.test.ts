/** Images that a PoP fetches before its client asks for them: those of his platform, by whatever he begins with, and nothing that he may not have. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { oci } from '../../src/index.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import { type OciRegistry, type PushedImage, startOciRegistry } from '../support/oci-registry.ts';
import { eventually } from '../support/wait.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';
const docker =
  'docker/27.3.1 go/go1.22.7 kernel/6.8.0 os/linux arch/arm64 UpstreamClient(Docker-Client/27.3.1)';
const skopeo = 'skopeo/1.9.3';

let registry: OciRegistry;
let network: TestNetwork;
let refused: ReturnType<typeof put>;

beforeAll(async () => {
  registry = await startOciRegistry();
  refused = put('team/refused');
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      oci({
        sources: [{ name: 'hub.example', url: registry.url }],
        mirrors: 'hub.example',
        policy: { blocked: refused.arm64.layers.slice(0, 1) },
      }),
    ],
  });
  // Until it knows that it has missed no purge, a PoP has confirmed what it keeps, and that looks as if it had nothing.
  const { amd64 } = put('team/first');
  await eventually('the PoP to trust what it keeps', async () => {
    await (await ask(`team/first/manifests/${amd64.digest}`, 'somebody')).bytes();
    return isHere(`team/first/manifests/${amd64.digest}`);
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.[Symbol.asyncDispose]();
}, 30_000);

/** One for each platform, under one tag. */
function put(name: string): Readonly<Record<'amd64' | 'arm64', PushedImage>> {
  const of = (architecture: string) =>
    registry.image(
      name,
      architecture,
      [1, 2].map((layer) => new TextEncoder().encode(`${name} ${architecture} ${layer}`)),
    );
  const images = { amd64: of('amd64'), arm64: of('arm64') };
  const manifests = Object.entries(images).map(([architecture, { digest }]) => ({
    ...{ digest, size: 1, platform: { os: 'linux', architecture } },
  }));
  registry.manifest(
    name,
    'v1',
    new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, manifests })),
    indexType,
  );
  return images;
}

const ask = (path: string, userAgent: string, method = 'GET') =>
  fetch(`${network.url('pop')}/v2/${path}`, { method, headers: { 'user-agent': userAgent } });

/** Whether it is at the PoP, without anybody being asked for it. */
async function isHere(path: string): Promise<boolean> {
  const headers = { 'cache-control': 'only-if-cached', 'user-agent': 'somebody' };
  const answer = await fetch(`${network.url('pop')}/v2/${path}`, { headers });
  await answer.bytes();
  return answer.status === 200;
}

async function isAt(name: string, { digest, config, layers }: PushedImage): Promise<boolean> {
  const blobs = [config, ...layers].map((each) => `blobs/${each}`);
  const here = await Promise.all([`manifests/${digest}`, ...blobs].map((path) => isHere(`${name}/${path}`)));
  return here.every(Boolean);
}

test('who says what he runs on has the image for that before he has seen the index', async () => {
  const { arm64, amd64 } = put('team/told');
  await ask('team/told/manifests/v1', docker, 'HEAD');
  await eventually('the image for arm64', () => isAt('team/told', arm64));
  expect(await isAt('team/told', amd64)).toBe(false);
});

test('who does not say it has the commonest, and when it is another one, that one as soon as he says which', async () => {
  const { arm64, amd64 } = put('team/untold');
  await ask('team/untold/manifests/v1', skopeo);
  await eventually('the image for amd64', () => isAt('team/untold', amd64));
  expect(await isAt('team/untold', arm64)).toBe(false);
  await ask(`team/untold/manifests/${arm64.digest}`, skopeo);
  await eventually('the image for arm64', () => isAt('team/untold', arm64));
});

test('who only looks which one it is has nothing fetched', async () => {
  put('team/looked');
  const seen = await network.during(async () => {
    await ask('team/looked/manifests/v1', skopeo, 'HEAD');
    await ask('team/looked/manifests/v1', 'curl/8.5.0');
  });
  expect(seen.asked('shield').filter(({ target }) => !target.includes('manifests/v1'))).toEqual([]);
});

test('of what the policy refuses, nothing is fetched', async () => {
  const seen = await network.during(async () => {
    await ask('team/refused/manifests/v1', docker);
    const plans = () =>
      network
        .node('origin')
        .asked()
        .filter(({ kind, target }) => kind === 'plan' && target.includes('refused'));
    await eventually('the origin to be asked what follows', () => plans().length === 1);
    // What is foreseen after it is fetched after it.
    const { arm64 } = put('team/after');
    // What a policy has purged meanwhile is foreseen again for whoever comes then.
    let clients = 0;
    await eventually('another image', async () => {
      await (await ask('team/after/manifests/v1', `${docker} ${clients++}`)).bytes();
      return isAt('team/after', arm64);
    });
  });
  const asked = seen.asked('origin').filter(({ kind }) => kind === 'blob');
  expect(asked.filter(({ target }) => target.includes('refused'))).toEqual([]);
  expect(asked.filter(({ target }) => target.includes('after'))).not.toEqual([]);
});
