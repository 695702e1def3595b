import { afterEach, beforeEach, expect, test } from 'bun:test';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { virtualClock } from '../../test/support/clock.ts';
import { type Temporary, temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import { embedded } from '../config/embedded.ts';
import { type NodeConfig, parseNetwork } from '../config/network.ts';
import { openCodings } from '../predict/codings.ts';
import { openRestricted } from '../predict/restricted.ts';
import { silentLog } from '../telemetry/log.ts';
import { keepLearned } from './learned.ts';
import type { Seat } from './seat.ts';

const parsed = parseNetwork(embedded, { configDir: '/srv', env: {}, overrides: {} });
if (!parsed.ok) throw new Error('the embedded network is wrong');
const { network } = parsed;

let folder: Temporary;

beforeEach(() => {
  folder = temporary('learned');
});

afterEach(() => folder[Symbol.dispose]());

function opened(of: Partial<NodeConfig> = {}, seat?: Seat) {
  const clock = virtualClock();
  const warned: string[] = [];
  const log = { ...silentLog, warn: (message: string) => warned.push(message) };
  const config: NodeConfig = { ...network.nodes['pop-a']!, dataDir: folder.path, ...of };
  const [codings, restricted] = [openCodings(), openRestricted()];
  const keeping = keepLearned(config, seat, { clock, log, codings, restricted });
  return { clock, warned, config, codings, restricted, keeping };
}

const file = (name = 'learned') => Bun.file(join(folder.path, 'predict', name));

/** Somebody asks for a and then b, and leaves. */
function teach({ keeping, clock }: ReturnType<typeof opened>) {
  return keeping.then((kept) => {
    const trail = kept!.learned.trail();
    for (const name of ['npm /a', 'npm /b']) kept!.learned.saw(trail, name, clock.now());
    return kept!;
  });
}

test('what was learned is there again after a restart', async () => {
  const first = opened();
  await (await teach(first)).close();
  expect(first.clock.waiting).toBe(0);
  const second = opened();
  const kept = await second.keeping;
  expect(kept?.learned.after('npm /a', second.clock.now() + 600_000)).toMatchObject([{ name: 'npm /b' }]);
  expect(second.warned).toEqual([]);
  await kept?.close();
});

test('which codings clients take, and what is restricted, is known again with it', async () => {
  const first = opened();
  const kept = await first.keeping;
  first.codings.saw('pypi', 'metadata', 'pip/23.2.1 {}', 'identity');
  first.restricted.note('npm @acme/a', true);
  await kept?.close();
  const second = opened();
  await (await second.keeping)?.close();
  expect(second.codings.of('pypi', 'metadata', 'pip/23.2.1', 'gzip')).toBe('identity');
  expect(second.restricted.has('npm @acme/a')).toBe(true);
});

test('it is written down every five minutes, and each worker has a file of its own', async () => {
  const first = opened({}, { worker: 3 } as Seat);
  const kept = await teach(first);
  expect(await file('learned.3').exists()).toBe(false);
  first.clock.advance(300_000);
  await eventually('the file', () => file('learned.3').exists());
  await kept.close();
  expect(await file().exists()).toBe(false);
});

test('a file that makes no sense is told of and left aside, and learning begins anew', async () => {
  await Bun.write(file(), 'something else');
  const first = opened();
  await (await teach(first)).close();
  expect(first.warned).toEqual([
    'what was learned makes no sense: it is left aside, and learning begins anew',
  ]);
  expect(await file('learned.broken').text()).toBe('something else');
  const second = opened();
  expect((await second.keeping)?.learned.stats.names).toBe(2);
  expect(second.warned).toEqual([]);
  await (await second.keeping)?.close();
});

test('where it cannot be written, that is told of, and the node goes on', async () => {
  await Bun.write(join(folder.path, 'predict'), 'no folder');
  const first = opened();
  await (await teach(first)).close();
  expect(first.warned.at(-1)).toBe('what was learned could not be written down');
});

test('nothing is learned where nothing is predicted, or it is not to be, or no client asks', async () => {
  const { config } = opened();
  expect(config.predict).not.toBe(false);
  const { predict } = config;
  for (const of of [
    { predict: false },
    { predict: predict !== false && { ...predict, learn: false } },
    { role: 'shield' },
  ] as const)
    expect(await opened(of).keeping).toBeNull();
});

test('it is for nobody else on this machine, as private packages are named in it', async () => {
  await (await teach(opened())).close();
  const { mode } = await stat(join(folder.path, 'predict', 'learned'));
  expect((mode & 0o777).toString(8)).toBe('600');
});

test('where it can be neither read nor written, that is told of, and nothing else comes of it', async () => {
  await Bun.write(join(folder.path, 'predict'), 'a file in the place of the folder');
  const first = opened();
  await (await teach(first)).close();
  expect(first.warned).toEqual([
    'what was learned could not be read: it begins anew',
    'what was learned could not be written down',
  ]);
});
