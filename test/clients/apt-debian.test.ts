/** The real apt, through a PoP and a shield, from the archive that this machine is set to, where that can be reached. */
import { afterAll, describe, expect, test } from 'bun:test';
import { aptArchives } from '../../src/config/machine/apt.ts';
import { thisMachine } from '../../src/config/machine/machine.ts';
import { apt } from '../../src/index.ts';
import { aptClient, noAptTools } from '../support/apt.ts';
import { startNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';

const folder = temporary('apt-debian');
afterAll(() => folder[Symbol.dispose]());

const debian = available('apt', noAptTools()) ? await debianHere() : null;

describe.skipIf(debian === null)('the archive that this machine is set to', () => {
  test('gives a suite and a package, cold and warm', async () => {
    if (debian === null) return;
    const { archive, url, suite } = debian;
    await using real = await startNetwork({
      nodes: {
        origin: { role: 'origin', store: {} },
        shield: { role: 'shield', parents: ['origin'] },
        pop: { role: 'pop', parents: ['shield'] },
      },
      routes: [apt({ upstreams: [{ name: archive, url }] })],
    });
    const keyFile = '/usr/share/keyrings/debian-archive-keyring.gpg';
    const source = { uri: `${real.url('pop')}/apt/${archive}`, suite, keyFile };
    const cold = aptClient(folder.path, [source]);
    const update = await cold.run('update');
    expect(update.text).not.toMatch(/^[EW]:/m);
    const names = Bun.spawnSync(['apt-cache', 'dumpavail'], {
      env: { ...process.env, APT_CONFIG: `${cold.root}/apt.conf` },
    });
    const sizes = [...names.stdout.toString().matchAll(/^Package: (.*)$[\s\S]*?^Size: (\d+)$/gm)];
    const [, name = ''] = sizes.toSorted((one, other) => Number(one[2]) - Number(other[2]))[0] ?? [];
    const bytes = await cold.download(name);
    const seen = await real.during(async () => {
      const warm = aptClient(folder.path, [source]);
      expect((await warm.run('update')).text).not.toMatch(/^[EW]:/m);
      expect(await warm.download(name)).toEqual(bytes);
    });
    // apt wants a release that has been confirmed; everything else comes from the caches.
    expect(seen.asked('origin').filter(({ kind }) => kind !== 'in-release')).toEqual([]);
  }, 60_000);
});

/** One small suite of it, where it can be reached. */
async function debianHere(): Promise<{ archive: string; url: string; suite: string } | null> {
  try {
    const archives = await aptArchives(thisMachine);
    const found = archives.find(({ name }) => name === 'debian');
    const release = await Bun.file('/etc/os-release').text();
    const suite = `${/^VERSION_CODENAME=(.*)$/m.exec(release)?.[1]}-updates`;
    if (found === undefined) throw new Error('no archive of Debian in its settings');
    const answer = await fetch(`${found.url}/dists/${suite}/InRelease`, {
      signal: AbortSignal.timeout(5_000),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    return { archive: found.name, url: found.url, suite };
  } catch (error) {
    console.warn(`skipped, since the machine's Debian archive cannot be reached: ${String(error)}`);
    return null;
  }
}
