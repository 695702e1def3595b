/** What `Gemfile.lock` and `packages.lock.json` name is kept for good: it can be had when upstreams are off, and all caches are gone. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nuget, rubygems } from '../../src/index.ts';
import { type GemRepository, noRuby, startGemRepository } from '../support/gem-repository.ts';
import { runIn, succeeds } from '../support/gem-world.ts';
import { runMeridian, startNetwork, type TestNetwork } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { type NugetFeed, nupkg, startNugetFeed } from '../support/nuget-feed.ts';

describe.skipIf(!available('ruby', noRuby()))('mirrored by lock files', () => {
  let gems: GemRepository;
  let packages: NugetFeed;
  let network: TestNetwork;
  let project: string;

  beforeAll(async () => {
    gems = await startGemRepository();
    await gems.publish({ name: 'leaf', version: '1.0.0' });
    await gems.publish({ name: 'trunk', version: '2.0', dependencies: { leaf: '~> 1.0' } });
    packages = await startNugetFeed();
    packages.publish({ id: 'Leaf', version: '1.0.0' });
    network = await startNetwork({
      nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
      routes: [rubygems({ upstreams: [{ url: gems.url }] }), nuget({ upstreams: [{ url: packages.url }] })],
    });
    project = join(network.dir, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'Gemfile'), `source '${network.url('pop')}/rubygems/'\ngem 'trunk'\n`);
    await succeeds(['bundle', 'lock'], join(network.dir, 'home'), project);
    const lock = {
      version: 1,
      dependencies: {
        'net8.0': { Leaf: { type: 'Direct', requested: '[1.0.0, )', resolved: '1.0.0', contentHash: 'x' } },
      },
    };
    writeFileSync(join(project, 'packages.lock.json'), JSON.stringify(lock));
    for (const file of ['Gemfile.lock', 'packages.lock.json']) {
      const words = ['mirror', join(project, file), '--config', network.configFile];
      const ran = await runMeridian(words, { cwd: network.dir });
      if (ran.code !== 0) throw new Error(`${file}: ${ran.stdout}${ran.stderr}`);
    }
    await gems.off();
    await packages.off();
    for (const name of ['pop', 'origin'] as const) {
      await network.node(name).stop();
      rmSync(join(network.dir, 'data', name, 'cache'), { recursive: true, force: true });
      await network.node(name).restart();
    }
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await gems?.[Symbol.asyncDispose]();
  });

  test('Bundler installs', async () => {
    const { output } = await runIn(['bundle', 'install'], join(network.dir, 'later'), project);
    expect(output).toContain('Bundle complete!');
  }, 30_000);

  test('a package of NuGet is there', async () => {
    const at = `${network.url('pop')}/nuget/v3`;
    expect((await fetch(`${at}/index.json`)).status).toBe(200);
    expect(await (await fetch(`${at}/flat/leaf/index.json`)).json()).toEqual({ versions: ['1.0.0'] });
    const response = await fetch(`${at}/flat/leaf/1.0.0/leaf.1.0.0.nupkg`);
    expect(nupkg({ id: 'Leaf', version: '1.0.0' }).equals(Buffer.from(await response.arrayBuffer()))).toBe(
      true,
    );
  });
});
