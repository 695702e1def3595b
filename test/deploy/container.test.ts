/**
 * The container file, built and run by buildah. Without a registry to pull a base from, the base is made of the few
 * shared libraries that the binary asks for.
 */
import { describe, expect, test } from 'bun:test';
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { available } from '../support/needs.ts';
import { temporary } from '../support/temporary.ts';
import { compiled } from './binary.ts';
import { type Ran, ran } from './ran.ts';

const containerfile = join(import.meta.dir, '../../deploy/container/Containerfile');

const problem =
  process.getuid?.() !== 0
    ? 'only root can mount a container that is being made'
    : Bun.which('buildah')
      ? null
      : 'buildah is not installed';

describe.skipIf(!available('buildah', problem))('the container file', () => {
  test('builds an image that runs as nobody in particular', async () => {
    using folder = temporary('container');
    const context = join(folder.path, 'context');
    mkdirSync(join(context, 'dist'), { recursive: true });
    const binary = await compiled(join(context, 'dist'));

    const base = 'localhost/base:test';
    await commitBase(folder.path, base, await librariesOf(binary));
    const image = 'localhost/meridian:test';
    const build = ['build', '--isolation=chroot', `--build-arg=BASE=${base}`, '-t', image, '-f'];
    await buildah(folder.path, [...build, containerfile, context]);

    const container = (await buildah(folder.path, ['from', image])).stdout.trim();
    const run = ['run', '--isolation=chroot', container, '--', '/usr/local/bin/meridian'];
    expect((await buildah(folder.path, [...run, 'version'])).stdout).toStartWith('meridian ');
    const { stdout } = await buildah(folder.path, ['inspect', '--type=image', image]);
    expect(JSON.parse(stdout).OCIv1.config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/usr/local/bin/meridian'],
      StopSignal: 'SIGTERM',
    });
    await buildah(folder.path, ['rm', '--all']);
  });
});

function buildah(folder: string, args: readonly string[]): Promise<Ran> {
  const storage = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver=vfs'];
  return ran(['buildah', ...storage, ...args]);
}

async function librariesOf(binary: string): Promise<string[]> {
  const { stdout } = await ran(['ldd', binary]);
  return [...stdout.matchAll(/\s(\/\S+) \(0x/g)].map(([, path = '']) => path);
}

async function commitBase(folder: string, name: string, files: readonly string[]): Promise<void> {
  const container = (await buildah(folder, ['from', 'scratch'])).stdout.trim();
  const root = (await buildah(folder, ['mount', container])).stdout.trim();
  for (const file of files) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    cpSync(file, join(root, file), { dereference: true });
  }
  await buildah(folder, ['umount', container]);
  await buildah(folder, ['commit', container, name]);
}
