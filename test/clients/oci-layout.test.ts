/**
 * Images that live here go to a layout and come from one, by the commands of an operator; skopeo, buildah and podman read what is written, and
 * what they write is taken in. And rules of retention, as he sees them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oci } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { runTool, toolSucceeds } from '../support/container-client.ts';
import { type Image, random, writeImage } from '../support/image.ts';
import { runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';

const problem = Bun.which('skopeo') === null ? 'skopeo is not installed' : null;
const folder = temporary('oci-layout');
const at = (name: string) => join(folder.path, name);

describe.skipIf(!available('skopeo', problem))('a layout', () => {
  let network: TestNetwork;
  let token: string;
  let app: Image;

  beforeAll(async () => {
    const retention = [{ repositories: ['acme/kept'], tags: ['pr-*'], keep: 2 }];
    network = await startNetwork({
      nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
      routes: [oci({ hosted: { names: ['acme/*'], public: ['*'], retention } })],
    });
    const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['*'] } as const;
    ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
    app = writeImage(at('app'), 'v1', { platforms: ['amd64', 'arm64'], layers: [random(3_000_000)] });
    await skopeo('copy', '--all', `oci:${at('app')}:v1`, registry('acme/app:v1'));
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    folder[Symbol.dispose]();
  }, 30_000);

  const registry = (name: string) => `docker://${network.url('pop').slice('http://'.length)}/${name}`;
  const isCopy = (words: readonly string[]) => words[0] === 'copy';

  async function skopeo(...words: readonly string[]): Promise<string> {
    const [command = '', ...rest] = words;
    const insecure = isCopy(words)
      ? ['--src-tls-verify=false', '--dest-tls-verify=false', '--preserve-digests']
      : ['--tls-verify=false'];
    const creds = isCopy(words) ? ['--dest-creds', `ci:${token}`] : [];
    return (await toolSucceeds(['skopeo', command, ...insecure, ...creds, ...rest], folder.path)).stdout;
  }

  async function meridian(...words: string[]) {
    const ran = await runMeridian([...words, '--config', network.configFile], { cwd: network.dir });
    return { code: ran.code, out: ran.stdout.trim(), said: ran.stderr };
  }

  async function digestAt(name: string, tag: string): Promise<string | null> {
    const target = new URL(`/v2/${name}/manifests/${tag}`, network.url('pop'));
    return (await fetch(target, { method: 'HEAD' })).headers.get('docker-content-digest');
  }

  test.each(['written', 'written.tar'])('that is written as %s is read by skopeo', async (name) => {
    const { code, out } = await meridian('export', at(name), 'acme/app');
    expect([code, out]).toEqual([0, expect.stringContaining('images 1')]);
    const from = name.endsWith('.tar') ? `oci-archive:${at(name)}:v1` : `oci:${at(name)}:v1`;
    await skopeo('copy', '--all', from, `oci:${at(`${name}-copy`)}:v1`);
    await skopeo('copy', '--all', from, registry(`acme/from-${name.replace('.', '-')}:v1`));
    expect(await digestAt(`acme/from-${name.replace('.', '-')}`, 'v1')).toBe(app.digest);
  });

  test('of the whole route has full names, which skopeo reads, too', async () => {
    expect((await meridian('export', at('all'), '--json')).code).toBe(0);
    await skopeo('copy', '--all', `oci:${at('all')}:acme/app:v1`, `oci:${at('all-copy')}:v1`);
    const again = await meridian('export', at('all'));
    expect(again.out).toMatch(/there \d+/);
    expect(again.out).not.toContain('written');
  });

  test.each([
    ['skopeo', 'oci'],
    ['skopeo', 'oci-archive'],
    ['buildah', 'oci'],
    ['podman', 'oci-archive'],
  ])('that %s writes as %s is taken in', async (client, kind) => {
    if (Bun.which(client) === null) return;
    const path = at(`by-${client}-${kind}`);
    const name = `acme/by-${client}-${kind}`;
    const source = registry('acme/app:v1').slice('docker://'.length);
    if (client === 'skopeo') await skopeo('copy', '--all', registry('acme/app:v1'), `${kind}:${path}:v1`);
    else {
      // What they keep locally is unpacked, so its layers have to be archives.
      writeImage(at(client), 'v1', { layers: [new Uint8Array(10_240)] });
      await skopeo('copy', `oci:${at(client)}:v1`, registry(`acme/${client}:v1`));
      const home = at(`${client}-home`);
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, 'auth.json'), '{}');
      const own = [client, '--root', join(home, 'root'), '--runroot', join(home, 'run')];
      const local = source.replace('acme/app', `acme/${client}`);
      const storage = [...own, '--storage-driver', 'vfs'];
      await toolSucceeds([...storage, 'pull', '--tls-verify=false', local], home);
      const push =
        client === 'podman'
          ? [...storage, 'save', '--format', kind, '-o', path, local]
          : [...storage, 'push', local, `${kind}:${path}:v1`];
      await toolSucceeds(push, home);
    }
    const dry = await meridian('import', 'oci', path, '--as', name, '--dry-run');
    expect([dry.code, dry.said, dry.out]).toEqual([0, '', expect.stringContaining('added 1')]);
    expect(await digestAt(name, 'v1')).toBeNull();
    const taken = await meridian('import', 'oci', path, '--as', name);
    expect([taken.code, taken.said, taken.out]).toEqual([0, '', expect.stringContaining('added 1')]);
    await skopeo('copy', registry(`${name}:v1`), `oci:${at(`pulled-${client}-${kind}`)}:v1`);
  });

  test('goes from one network to another', async () => {
    await meridian('export', at('moving.tar'), 'acme/app:v1', '--route', 'oci');
    const other = await startNetwork({
      nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
      routes: [oci({ hosted: { names: ['*'], public: ['*'] } })],
    });
    try {
      const words = ['import', 'oci', at('moving.tar'), '--as', 'there/app', '--config', other.configFile];
      expect((await runMeridian(words, { cwd: other.dir })).code).toBe(0);
      const response = await fetch(new URL('/v2/there/app/manifests/v1', other.url('pop')));
      expect(response.headers.get('docker-content-digest')).toBe(app.digest);
    } finally {
      await other.stop();
    }
  });

  test('that is broken is named, and the command says that not all is well', async () => {
    writeImage(at('broken'), 'v1');
    await Bun.file(at('broken/oci-layout')).delete();
    const { code, said } = await meridian('import', 'oci', at('broken'), '--as', 'acme/broken');
    expect([code, said]).toEqual([1, expect.stringContaining('broken/oci-layout: there is no such file')]);
    expect((await runTool(['skopeo', 'inspect', registry('acme/broken:v1')], folder.path)).code).not.toBe(0);
  });

  test('rules of retention say what would go, and take it away when they are told so', async () => {
    for (const tag of ['pr-1', 'pr-2', 'pr-3', 'main']) {
      writeImage(at(tag), 'v1');
      await skopeo('copy', `oci:${at(tag)}:v1`, registry(`acme/kept:${tag}`));
    }
    const gone = await digestAt('acme/kept', 'pr-1');
    const dry = await meridian('retention', '--dry-run');
    expect([dry.code, dry.out.split('\n')]).toEqual([
      0,
      [
        'acme/kept:pr-1: not among the newest 2',
        `acme/kept@${gone}: no tag stands for it any more`,
        'expiredTags 1, expiredManifests 1',
      ],
    ]);
    expect(await digestAt('acme/kept', 'pr-1')).toBe(gone);
    expect((await meridian('retention')).out).toBe('expiredTags 1, expiredManifests 1');
    expect(await digestAt('acme/kept', 'pr-1')).toBeNull();
    for (const tag of ['pr-2', 'pr-3', 'main']) expect(await digestAt('acme/kept', tag)).not.toBeNull();
    writeImage(at('pr-4'), 'v1');
    await skopeo('copy', `oci:${at('pr-4')}:v1`, registry('acme/kept:pr-4'));
    expect((await meridian('gc')).out).toStartWith('expiredTags 1, expiredManifests 1, ');
    expect(await digestAt('acme/kept', 'pr-2')).toBeNull();
    const audit = await meridian('audit', '--what', 'oci.expire');
    expect(audit.out).toContain('acme/kept:pr-1');
  });
});
