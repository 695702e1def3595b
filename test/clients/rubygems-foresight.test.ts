/** What is foreseen of Bundler and `gem`, held against what they ask for. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { rubygems } from '../../src/index.ts';
import { rubygems as ecosystem } from '../../src/protocols/rubygems/rubygems.ts';
import { foretell, type RecordingDoor, recordingDoor } from '../support/foretold.ts';
import { type GemRepository, noRuby, startGemRepository } from '../support/gem-repository.ts';
import { gemWorld, succeeds } from '../support/gem-world.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import { available } from '../support/needs.ts';

const { newHome, project } = gemWorld();
const canRun = available('ruby', noRuby());
let upstream: GemRepository;
let network: TestNetwork;
let door: RecordingDoor;

const old = '2022-01-01T00:00:00Z';

beforeAll(async () => {
  if (!canRun) return;
  upstream = await startGemRepository();
  const add = (
    name: string,
    version: string,
    dependencies: Record<string, string> = {},
    platform?: string,
    at = old,
  ) => upstream.publish({ name, version, dependencies, ...(platform && { platform }) }, at);
  await add('concurrent', '1.1.0');
  await add('concurrent', '1.2.0', {}, undefined, '2023-01-01T00:00:00Z');
  await add('i18n', '1.14.0', { concurrent: '~> 1.0' });
  await add('tzinfo', '1.2.0', { threads: '~> 0.1' });
  await add('tzinfo', '2.0.6', { concurrent: '~> 1.0' });
  await add('threads', '0.3.6');
  await add('tests', '5.1.0');
  await add('native', '1.15.0', { racer: '~> 1.4', portile: '~> 2.8.2' });
  await add('native', '1.15.0', { racer: '~> 1.4' }, 'x86_64-linux');
  await add('native', '1.15.0', { racer: '~> 1.4' }, 'arm64-darwin');
  await add('racer', '1.7.0');
  await add('portile', '2.8.4');
  await add('support', '7.0.0', { i18n: '>= 1.6, < 2', tzinfo: '~> 2.0', tests: '>= 5.1' });
  await add('support', '8.0.0.rc1', { i18n: '>= 1.6, < 2', future: '>= 1' });
  await add('future', '1.0.0');
  await add('model', '7.0.0', { support: '= 7.0.0' });
  await add('record', '7.0.0', { support: '= 7.0.0', model: '= 7.0.0' });
  await add('rails', '7.0.0', { support: '= 7.0.0', record: '= 7.0.0', native: '>= 1.8.5' });
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, near: { role: 'pop', parents: ['origin'] } },
    routes: [rubygems({ upstreams: [{ url: upstream.url }] })],
  });
  door = recordingDoor(network.url('near'));
}, 120_000);

afterAll(async () => {
  door?.[Symbol.dispose]();
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
});

const foretold = () => foretell(ecosystem, door.passed(), { url: network.url('near'), prefix: '/rubygems' });

describe.skipIf(!canRun)('of gems', () => {
  test('what Bundler asks for without a lock file is foreseen', async () => {
    const where = project(["'rails'", "'threads'"], `${door.url}/rubygems/`);
    door.forget();
    await succeeds(['bundle', 'install'], newHome(), where);
    const told = await foretold();
    expect(told.precision).toBeGreaterThan(0.8);
    expect(told.recall).toBeGreaterThan(0.7);
  }, 60_000);

  test('what Bundler asks for with a lock file is foreseen', async () => {
    const where = project(["'rails'", "'threads'"], `${door.url}/rubygems/`);
    await succeeds(['bundle', 'lock'], newHome(), where);
    door.forget();
    await succeeds(['bundle', 'install'], newHome(), where);
    const locked = await foretold();
    expect(locked.precision).toBeGreaterThan(0.8);
  }, 60_000);

  test('what gem asks for is foreseen', async () => {
    door.forget();
    await succeeds(
      ['gem', 'install', 'rails', '--no-document', '--clear-sources', '--source', `${door.url}/rubygems/`],
      newHome(),
    );
    const told = await foretold();
    expect(told.precision).toBeGreaterThan(0.8);
    expect(told.recall).toBeGreaterThan(0.7);
  }, 60_000);
});
