/**
 * What a newcomer sees: `npm start` (`meridian up`) on a machine where nothing is configured. A table of nodes
 * within two seconds, three commands to try, and an end that drops nobody.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  clientSucceeds,
  eventually,
  freePort,
  type Registry,
  startRegistry,
  temporary,
  within,
} from '../support/index.ts';
import { getRaw } from '../support/raw-client.ts';

const launcher = join(import.meta.dir, '..', '..', 'bin', 'meridian.mjs');
const folder = temporary('start');
let registry: Registry;

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('lodash', '4.17.21', { sizeBytes: 3_000_000 });
});

afterAll(async () => {
  await registry?.off();
  folder[Symbol.dispose]();
});

interface Up {
  readonly screen: () => string;
  /** From the start of the launcher to the end of the table, milliseconds. */
  readonly readyMs: number;
  interrupt(): void;
  readonly exited: Promise<number>;
}

/** `npm start`, with the small registry as the machine's npm setting. */
async function up(): Promise<Up> {
  const cwd = join(folder.path, crypto.randomUUID());
  mkdirSync(cwd);
  const ports = await freePorts(5);
  const started = performance.now();
  const child = Bun.spawn(['node', launcher, 'up', `--port-base=${ports}`], {
    cwd,
    env: { ...process.env, npm_config_registry: registry.url },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  let screen = '';
  const copy = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) screen += decoder.decode(bytes, { stream: true });
  };
  void Promise.all([copy(child.stdout), copy(child.stderr)]);
  await eventually('the table', () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${screen}`);
    return screen.includes('Try:') && screen.trimEnd().split('Try:')[1]?.trim().split('\n').length === 4;
  });
  const readyMs = performance.now() - started;
  process.once('exit', () => child.kill('SIGKILL'));
  return { screen: () => screen, readyMs, interrupt: () => child.kill('SIGINT'), exited: child.exited };
}

/** The first of so many neighbouring ports. */
async function freePorts(count: number): Promise<number> {
  for (let first = await freePort(), last = first; ; ) {
    const next = await freePort();
    if (next !== last + 1) first = next;
    last = next;
    if (last - first + 1 >= count) return first;
  }
}

/** The addresses and commands that it shows. */
function shown({ screen }: Up) {
  const text = screen();
  const addressOf = (node: string) => new RegExp(`^${node} .*(http://\\S+)`, 'm').exec(text)?.[1] ?? '';
  const commands = (text.split('Try:')[1] ?? '').split('\n').map((line) => line.trim());
  return { addressOf, commands: commands.filter((line) => /^(npm|npx|curl|docker) /.test(line)) };
}

describe('meridian up', () => {
  test(
    'shows all nodes and four commands within two seconds',
    async () => {
      const network = await up();
      const { addressOf, commands } = shown(network);
      const answers = ['origin', 'shield', 'pop-a', 'pop-b'].map(
        async (node) => (await fetch(addressOf(node))).status,
      );
      expect((await Promise.all(answers)).every((status) => status > 0)).toBe(true);
      expect(commands).toHaveLength(4);
      expect(commands[0]).toStartWith('npm install ');
      network.interrupt();
      expect(await within(15_000, 'the end', network.exited)).toBe(0);
      console.log(`ready after ${Math.round(network.readyMs)} ms`);
      expect(network.readyMs).toBeLessThan(2_000);
    },
    { timeout: 30_000, retry: 2 },
  );

  test('the first command, as it is shown, installs a package', async () => {
    const network = await up();
    const { addressOf, commands } = shown(network);
    const project = join(folder.path, 'project');
    mkdirSync(project);
    const [, ...args] = (commands[0] ?? '').split(' ');
    const home = join(folder.path, 'home');
    await clientSucceeds('npm', args, { registry: 'http://127.0.0.1:9', project, home });
    expect(await Bun.file(join(project, 'node_modules', 'lodash', 'package.json')).json()).toMatchObject({
      version: '4.17.21',
    });
    expect(args.join(' ')).toContain(addressOf('pop-a'));
    network.interrupt();
    expect(await within(15_000, 'the end', network.exited)).toBe(0);
  }, 60_000);

  test('Ctrl-C with a request under way: the request gets all of its answer, and the exit code is 0', async () => {
    const network = await up();
    const published = registry.publish('slow', '1.0.0', { sizeBytes: 2_000_000 });
    registry.fault({ as: 'slow', bytesPerSecond: 1_500_000 }, ({ path }) => path.endsWith('.tgz'));
    const answer = getRaw(`${shown(network).addressOf('pop-a')}/npm${published.path}`);
    await eventually('the request to reach upstream', () => registry.count(published.path) === 1);
    network.interrupt();
    const received = await answer;
    expect(received?.whole).toBe(true);
    expect(Buffer.compare(received?.body ?? Buffer.alloc(0), published.bytes)).toBe(0);
    expect(await within(15_000, 'the end', network.exited)).toBe(0);
    registry.fault(null);
  }, 60_000);
});
