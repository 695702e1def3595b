/**
 * Packages that live in the network: published with the real npm at one PoP, read at another, through a shield, from an
 * origin that keeps them in files and SQLite.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { npm } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { noOpenssl } from '../support/certificate.ts';
import {
  clientSucceeds,
  type Registry,
  runClient,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import { type SigningRoots, startSigningRoots } from '../support/signing-roots.ts';
import { project } from './project.ts';

const folder = temporary('hosted');
let registry: Registry;
let network: TestNetwork;
/** A home whose npm has the token of somebody who may do everything. */
let alice: string;
let token: string;

const everything: Right = {
  actions: ['read', 'publish', 'delete', 'admin'],
  routes: ['npm'],
  subjects: ['*'],
};

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('taken', '1.0.0');
  registry.publish('@acme/ui', '9.9.9');
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      npm({
        match: { path: '/npm' },
        upstreams: [{ url: registry.url }],
        hosted: { scopes: ['@acme'], others: true, access: 'public' },
      }),
    ],
  });
  token = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
  alice = homeWith('alice', token);
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
});

const base = (pop = 'near') => `${network.url(pop)}/npm`;

/** A home folder whose npm knows a token for both PoPs. */
function homeWith(name: string, secret: string): string {
  const home = join(folder.path, name);
  mkdirSync(home, { recursive: true });
  const lines = ['near', 'far'].map((pop) => `${base(pop).replace('http:', '')}/:_authToken=${secret}`);
  writeFileSync(join(home, 'npmrc'), `${lines.join('\n')}\n`);
  return home;
}

const packument = z.object({
  versions: z.record(z.string(), z.unknown()),
  'dist-tags': z.record(z.string(), z.string()),
});
const documentIn = async (response: Response) => packument.parse(await response.json());

const keyList = z.object({ keys: z.array(z.unknown()) });
const keysAtFar = async () => {
  const response = await fetch(`${base('far')}/-/npm/v1/keys`);
  return keyList.parse(await response.json()).keys;
};

interface Sketch {
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

/** The folder of a package, with a file that makes each version different. */
function packageFolder(sketch: Sketch): string {
  const where = join(folder.path, 'packages', `${sketch.name.replace('/', '-')}-${sketch.version}`);
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, 'package.json'), JSON.stringify({ main: 'index.js', ...sketch }));
  writeFileSync(join(where, 'index.js'), `module.exports = '${sketch.name} ${sketch.version}';\n`);
  writeFileSync(join(where, 'README.md'), `# ${sketch.name}\n`);
  return where;
}

const publish = (sketch: Sketch, args: readonly string[] = [], home = alice) =>
  runClient('npm', ['publish', ...args], { registry: `${base()}/`, project: packageFolder(sketch), home });

async function published(sketch: Sketch, ...args: string[]): Promise<void> {
  const run = await publish(sketch, args);
  if (run.code !== 0) throw new Error(run.output);
}

/** Runs npm in an empty project. */
const run = (args: readonly string[], pop = 'near', home = alice) =>
  clientSucceeds('npm', args, {
    registry: `${base(pop)}/`,
    project: project(join(folder.path, 'empty'), {}),
    home,
  });

describe('npm publish', () => {
  test('is seen at another PoP at once, and can be installed there', async () => {
    await fetch(`${base('far')}/@acme%2fui`).then((response) => response.text()); // "not found" is known there now
    const ui = { name: '@acme/ui', description: 'for pushing', keywords: ['button'] };
    await published({ ...ui, version: '1.0.0' });
    const seen = await fetch(`${base('far')}/@acme%2fui`);
    expect([seen.status, Object.keys((await documentIn(seen)).versions)]).toEqual([200, ['1.0.0']]);

    const where = project(join(folder.path, 'installs'), { '@acme/ui': '^1.0.0' });
    await clientSucceeds('npm', ['install'], { registry: `${base('far')}/`, project: where, home: alice });
    const installed = await Bun.file(join(where, 'node_modules/@acme/ui/index.js')).text();
    expect(installed).toContain('@acme/ui 1.0.0');

    await published({ ...ui, version: '1.1.0' });
    const newest = await fetch(`${base('far')}/@acme%2fui`);
    expect((await documentIn(newest))['dist-tags']).toEqual({ latest: '1.1.0' });
  });

  test('is in the audit log, with who did it from where', async () => {
    await published({ name: '@acme/noted', version: '1.0.0' });
    await run(['unpublish', '@acme/noted@1.0.0', '--force'], 'far');
    const lines = z.array(z.looseObject({ subject: z.string() }));
    const log = lines.parse(await network.node('origin').api('GET', '/audit?limit=1000'));
    expect(log.filter(({ subject }) => subject === 'npm @acme/noted@1.0.0')).toEqual([
      expect.objectContaining({ what: 'npm.publish', by: 'user:alice', from: '127.0.0.1' }),
      expect.objectContaining({ what: 'npm.unpublish', by: 'user:alice', from: '127.0.0.1' }),
    ]);
  });

  test('never replaces a version', async () => {
    const sketch = { name: '@acme/fixed', version: '1.0.0' };
    await published(sketch);
    const again = await publish({ ...sketch, description: 'another' });
    expect(again.code).not.toBe(0);
    expect(again.output).toContain('cannot publish over the previously published versions');
  });

  test('is not for who has no token, or no right', async () => {
    const nobody = await publish(
      { name: '@acme/none', version: '1.0.0' },
      [],
      homeWith('nobody', 'mrd_wrong'),
    );
    expect([nobody.code, nobody.output]).toEqual([1, expect.stringContaining('E401')]);
    const { token: reads } = await tokenFor(network.node('origin'), 'bob', [
      { ...everything, actions: ['read'] },
    ]);
    const bob = await publish({ name: '@acme/none', version: '1.0.0' }, [], homeWith('bob', reads));
    expect([bob.code, bob.output]).toEqual([1, expect.stringContaining('E403')]);
    expect((await fetch(`${base()}/@acme%2fnone`)).status).toBe(404);
  });

  test('takes no name away from the upstream, and gets the others for good', async () => {
    const taken = await publish({ name: 'taken', version: '2.0.0' });
    expect([taken.code, taken.output]).toEqual([
      1,
      expect.stringContaining('upstream registry has a package'),
    ]);
    await published({ name: 'free', version: '1.0.0' });
    registry.publish('free', '6.6.6');
    const document = await documentIn(await fetch(`${base('far')}/free`));
    expect(Object.keys(document.versions)).toEqual(['1.0.0']);
  });
});

test('a claimed scope is never asked for upstream', async () => {
  registry.forget();
  for (const path of ['/@acme%2fabsent', '/@acme%2fui/9.9.9', '/@acme/ui/-/ui-9.9.9.tgz'])
    expect((await fetch(base() + path)).status).toBe(404);
  await run(['search', '@acme/ui']);
  expect(registry.requests()).toEqual([]);
});

test('npm dist-tag add, ls and rm', async () => {
  await published({ name: '@acme/tagged', version: '1.0.0' });
  await published({ name: '@acme/tagged', version: '2.0.0-rc.1' }, '--tag', 'next');
  await run(['dist-tag', 'add', '@acme/tagged@1.0.0', 'stable']);
  const { stdout } = await run(['dist-tag', 'ls', '@acme/tagged'], 'far');
  expect(stdout.trim().split('\n')).toEqual(['latest: 1.0.0', 'next: 2.0.0-rc.1', 'stable: 1.0.0']);
  await run(['dist-tag', 'rm', '@acme/tagged', 'stable']);
  expect((await run(['dist-tag', 'ls', '@acme/tagged'], 'far')).stdout).not.toContain('stable');
});

test('npm deprecate', async () => {
  await published({ name: '@acme/old', version: '1.0.0' });
  await run(['deprecate', '@acme/old@1.0.0', 'use @acme/new']);
  expect((await run(['view', '@acme/old', 'deprecated'], 'far')).stdout.trim()).toBe('use @acme/new');
  await run(['deprecate', '@acme/old@1.0.0', '']);
  expect((await run(['view', '@acme/old', 'deprecated'], 'far')).stdout.trim()).toBe('');
});

describe('npm unpublish', () => {
  test('takes one version away, whose number is never used again', async () => {
    const sketch = { name: '@acme/gone', version: '1.0.1' };
    await published({ ...sketch, version: '1.0.0' });
    await published(sketch);
    await fetch(`${base('far')}/@acme/gone/-/gone-1.0.1.tgz`).then((response) => response.bytes());
    await run(['unpublish', '@acme/gone@1.0.1', '--force']);
    expect((await fetch(`${base('far')}/@acme/gone/-/gone-1.0.1.tgz`)).status).toBe(404);
    expect(JSON.parse((await run(['view', '@acme/gone', '--json'], 'far')).stdout)).toMatchObject({
      versions: ['1.0.0'],
      'dist-tags': { latest: '1.0.0' },
    });
    expect((await publish(sketch)).output).toContain('cannot publish over');
  });

  test('takes all of it away', async () => {
    await published({ name: '@acme/away', version: '1.0.0' });
    await run(['unpublish', '@acme/away', '--force']);
    expect((await fetch(`${base('far')}/@acme%2faway`)).status).toBe(404);
  });
});

test('npm access says and sets who may read it', async () => {
  await published({ name: '@acme/secret', version: '1.0.0' }, '--access', 'public');
  expect((await fetch(`${base('far')}/@acme/secret/-/secret-1.0.0.tgz`)).status).toBe(200);
  await run(['access', 'set', 'status=private', '@acme/secret']);
  expect((await run(['access', 'get', 'status', '@acme/secret'])).stdout).toContain('private');
  for (const path of ['/@acme%2fsecret', '/@acme/secret/1.0.0', '/@acme/secret/-/secret-1.0.0.tgz']) {
    const refused = await fetch(base('far') + path);
    expect([path, refused.status]).toEqual([path, 404]);
    expect([path, (await fetch(base('far') + path, { headers: bearer(token) })).status]).toEqual([path, 200]);
  }
  expect((await run(['access', 'list', 'collaborators', '@acme/secret'])).stdout).toContain('alice');
});

test('npm owner ls', async () => {
  await published({ name: '@acme/owned', version: '1.0.0' });
  expect((await run(['owner', 'ls', '@acme/owned'])).stdout).toContain('alice');
});

test('npm search finds what lives here, by word, keyword and description', async () => {
  for (const word of ['button', 'pushing', 'ui']) {
    const found = JSON.parse((await run(['search', word, '--json'], 'far')).stdout);
    expect(found.map(({ name }: { name: string }) => name)).toContain('@acme/ui');
  }
});

describe.skipIf(!available('openssl', noOpenssl))('npm audit signatures', () => {
  const audit = async (roots: SigningRoots, versions: readonly string[], home: string) => {
    const dependencies = Object.fromEntries(
      versions.map((version) => [`signed-${version}`, `npm:@acme/signed@${version}`]),
    );
    const where = project(join(home, `project-${versions.join('-')}`), dependencies);
    const options = { registry: `${base('far')}/`, project: where, home, environment: roots.environment };
    roots.trustIn(join(home, 'npm'));
    await clientSucceeds('npm', ['install'], options);
    return runClient('npm', ['audit', 'signatures'], options);
  };

  test('verifies what is published here by the keys of the registry, also after another key has taken over', async () => {
    await using roots = await startSigningRoots(join(folder.path, 'roots'));
    await published({ name: '@acme/signed', version: '1.0.0' });
    const renewed = await fetch(`${base()}/-/npm/v1/keys`, { method: 'POST', headers: bearer(token) });
    expect(renewed.status).toBe(201);
    await published({ name: '@acme/signed', version: '1.0.1' });
    expect(await keysAtFar()).toHaveLength(2);
    const home = join(folder.path, 'audits');
    const run = await audit(roots, ['1.0.0', '1.0.1'], home);
    expect([run.code, run.output]).toEqual([
      0,
      expect.stringContaining('2 packages have verified registry signatures'),
    ]);
  }, 30_000);
});

describe('other clients publish as npm does, and install what is published', () => {
  const clients = {
    pnpm: {
      publish: ['publish', '--no-git-checks', '--access', 'public'],
      settle: (where: string) => {
        writeFileSync(join(where, '.npmrc'), `${base().replace('http:', '')}/:_authToken=${token}\n`);
      },
    },
    yarn: {
      publish: ['npm', 'publish', '--access', 'public'],
      settle: (where: string) => {
        writeFileSync(join(where, 'yarn.lock'), '');
        writeFileSync(join(where, '.yarnrc.yml'), `npmAuthToken: ${token}\nnpmPublishRegistry: ${base()}\n`);
      },
    },
  } as const;
  for (const [client, { publish: args, settle }] of Object.entries(clients)) {
    test(client, async () => {
      const name = `@acme/by-${client}`;
      const where = packageFolder({ name, version: '1.0.0' });
      settle(where);
      const home = join(folder.path, `home-of-${client}`);
      const kind = client === 'pnpm' ? 'pnpm' : 'yarn';
      if (kind === 'yarn')
        await clientSucceeds(kind, ['install'], { registry: base(), project: where, home });
      await clientSucceeds(kind, args, { registry: `${base()}/`, project: where, home });

      const user = project(join(folder.path, `user-of-${client}`), { [name]: '1.0.0' });
      writeFileSync(join(user, 'yarn.lock'), '');
      // By itself, yarn takes nothing that is younger than a day.
      writeFileSync(join(user, '.yarnrc.yml'), 'npmMinimalAgeGate: 0\n');
      await clientSucceeds(kind, ['install'], { registry: `${base('far')}/`, project: user, home });
      expect(await Bun.file(join(user, 'node_modules', name, 'index.js')).text()).toContain(`${name} 1.0.0`);
    }, 120_000);
  }

  test('bun', async () => {
    const name = '@acme/by-bun';
    const where = packageFolder({ name, version: '1.0.0' });
    writeFileSync(
      join(where, 'bunfig.toml'),
      `[install]\nregistry = { url = "${base()}/", token = "${token}" }\n`,
    );
    const child = Bun.spawn([process.execPath, 'publish', '--access', 'public'], {
      cwd: where,
      env: { PATH: process.env.PATH ?? '', HOME: join(folder.path, 'home-of-bun') },
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const said = (await child.stdout.text()) + (await child.stderr.text());
    expect([await child.exited, said]).toEqual([0, expect.stringContaining(name)]);
    expect((await fetch(`${base('far')}/${name}`)).status).toBe(200);
  });
});
