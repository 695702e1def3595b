/**
 * `meridian setup` for clients of containers: skopeo reads what is written for Podman, and gets an image of a registry that it cannot
 * reach by itself; what is the system's goes into a folder that stands for it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oci } from '../../src/index.ts';
import { runTool, toolSucceeds } from '../support/container-client.ts';
import type { Daemon } from '../support/daemon.ts';
import { dockerRegistryProblem, startDockerRegistry } from '../support/docker-registry.ts';
import { writeImage } from '../support/image.ts';
import { runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';

const problem = dockerRegistryProblem ?? (Bun.which('skopeo') === null ? 'skopeo is not installed' : null);
const folder = temporary('oci-setup');

describe.skipIf(!available('docker-registry and skopeo', problem))('meridian setup', () => {
  let upstream: Daemon;
  let network: TestNetwork;

  beforeAll(async () => {
    upstream = await startDockerRegistry();
    writeImage(join(folder.path, 'app'), 'v1');
    const target = `docker://127.0.0.1:${upstream.port}/team/app:v1`;
    await toolSucceeds(
      ['skopeo', 'copy', '--dest-tls-verify=false', `oci:${join(folder.path, 'app')}:v1`, target],
      folder.path,
    );
    const sources = [{ name: 'hub.invalid', url: `http://127.0.0.1:${upstream.port}` }];
    network = await startNetwork({
      nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
      routes: [oci({ sources, mirrors: 'hub.invalid' })],
    });
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  }, 30_000);

  const at = (name: string) => join(folder.path, name);

  async function meridian(home: string, ...words: string[]): Promise<string> {
    mkdirSync(at(home), { recursive: true });
    const env = { PATH: process.env.PATH ?? '', HOME: at(home), LANG: 'C.UTF-8', NO_COLOR: '1' };
    const ran = await runMeridian(['setup', ...words], { cwd: network.dir, env });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    return ran.stdout;
  }
  const viaPop = () => ['--write', '--url', network.url('pop')];
  const pull = () =>
    runTool(
      ['skopeo', 'copy', 'docker://hub.invalid/team/app:v1', `oci:${at(crypto.randomUUID())}:v1`],
      at('home'),
    );

  test('has skopeo ask the network for a registry that it mirrors, until that is undone', async () => {
    const file = '.config/containers/registries.conf.d/meridian.conf';
    expect(await meridian('home', 'podman', ...viaPop())).toContain(`~/${file}: written`);
    expect(await pull()).toMatchObject({ code: 0 });
    expect(await meridian('home', 'podman', '--undo')).toContain(`~/${file}: as it was before`);
    expect(existsSync(join(at('home'), file))).toBe(false);
    expect((await pull()).code).not.toBe(0);
  }, 60_000);

  test('writes what is the system’s below the folder that stands for it', async () => {
    const root = ['--root', at('system')];
    const settings = join(at('system'), 'etc/docker/daemon.json');
    mkdirSync(join(at('system'), 'etc/docker'), { recursive: true });
    const before = '{"debug":true}';
    writeFileSync(settings, before);
    await meridian('root', 'docker', ...viaPop(), ...root);
    expect(JSON.parse(readFileSync(settings, 'utf8'))).toEqual({
      debug: true,
      'insecure-registries': [network.url('pop').slice('http://'.length)],
    });
    await meridian('root', 'docker', '--undo', ...root);
    expect(readFileSync(settings, 'utf8')).toBe(before);
    const hosts = join(at('system'), 'etc/containerd/certs.d/hub.invalid/hosts.toml');
    await meridian('root', 'containerd', ...viaPop(), ...root);
    expect(readFileSync(hosts, 'utf8')).toContain(`[host."${network.url('pop')}"]`);
    await meridian('root', 'containerd', '--undo', ...root);
    expect(existsSync(hosts)).toBe(false);
  }, 60_000);

  /** What it says when it refuses. */
  async function refused(home: string, ...words: string[]): Promise<string> {
    mkdirSync(at(home), { recursive: true });
    const env = { PATH: process.env.PATH ?? '', HOME: at(home), LANG: 'C.UTF-8', NO_COLOR: '1' };
    const ran = await runMeridian(['setup', ...words], { cwd: network.dir, env });
    expect(ran.code).toBe(2);
    return ran.stderr;
  }
  function file(system: string, path: string, content?: string): string {
    const whole = join(at(system), path);
    mkdirSync(join(whole, '..'), { recursive: true });
    if (content !== undefined) writeFileSync(whole, content);
    return whole;
  }
  const hostsToml = 'etc/containerd/certs.d/hub.invalid/hosts.toml';
  const daemonJson = 'etc/docker/daemon.json';

  test('keeps what else is in a file, and what is added to it before it is undone', async () => {
    const root = ['--root', at('other')];
    const before = '{\n    "insecure-registries": ["mine.example"],\n    "dns": ["192.0.2.1"]\n}\n';
    const settings = file('other', daemonJson, before);
    await meridian('edited', 'docker', ...viaPop(), ...root);
    const now = JSON.parse(readFileSync(settings, 'utf8'));
    expect(now).toMatchObject({ dns: ['192.0.2.1'] });
    expect(now['insecure-registries']).toContain('mine.example');
    now['insecure-registries'].push('later.example');
    writeFileSync(settings, JSON.stringify({ ...now, debug: true }));
    expect(await meridian('edited', 'docker', '--undo', ...root)).toContain('has been changed in it since');
    expect(JSON.parse(readFileSync(settings, 'utf8'))).toEqual({
      ...{ dns: ['192.0.2.1'], debug: true },
      'insecure-registries': ['mine.example', 'later.example'],
    });
  }, 60_000);

  test('leaves alone what it cannot read, and says why', async () => {
    for (const [at, content] of [
      '{ "debug": true, // mine\n}',
      '[]',
      '{"insecure-registries":"x"}',
    ].entries()) {
      const system = `broken-${at}`;
      const settings = file(system, daemonJson, content);
      const root = ['--root', join(folder.path, system)];
      expect(await refused('broken', 'docker', ...viaPop(), ...root)).toContain('stays as it is');
      expect(readFileSync(settings, 'utf8')).toBe(content);
    }
  }, 60_000);

  test('replaces no file of somebody else, and keeps what he has written into ours', async () => {
    const [mine, theirs] = [file('mine', hostsToml), file('theirs', hostsToml, '# of somebody else\n')];
    expect(await refused('own', 'containerd', ...viaPop(), '--root', at('theirs'))).toContain('move it away');
    expect(readFileSync(theirs, 'utf8')).toBe('# of somebody else\n');
    await meridian('own', 'containerd', ...viaPop(), '--root', at('mine'));
    expect(statSync(mine).mode & 0o777).toBe(0o644);
    // Each system has its own.
    expect(await meridian('own', 'containerd', '--undo', '--root', at('theirs'))).toContain(
      'nothing to undo',
    );
    writeFileSync(mine, `${readFileSync(mine, 'utf8')}# and more\n`);
    expect(await refused('own', 'containerd', ...viaPop(), '--root', at('mine'))).toContain('move it away');
    expect(await meridian('own', 'containerd', '--undo', '--root', at('mine'))).toContain('kept beside it');
    expect([existsSync(mine), readFileSync(`${mine}.edited`, 'utf8')]).toEqual([
      false,
      expect.stringContaining('# and more'),
    ]);
  }, 60_000);

  test('writes through no link that leads out of the system that is made', async () => {
    const outside = file('outside', 'daemon.json', '{}');
    symlinkSync(outside, file('linked', daemonJson));
    symlinkSync(at('outside'), file('linked', 'etc/containerd'));
    for (const client of ['docker', 'containerd'])
      expect(await refused('linked-home', client, ...viaPop(), '--root', at('linked'))).toContain(
        'leads out of',
      );
    expect([readFileSync(outside, 'utf8'), existsSync(join(at('outside'), 'certs.d'))]).toEqual([
      '{}',
      false,
    ]);
  }, 60_000);
});
