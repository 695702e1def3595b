/**
 * The public tests for HTTP caches (cache-tests.fyi), put to a network of real nodes: a PoP and an origin with
 * protocol `web`, in front of the suite's own server.
 *
 * Nothing in Meridian knows of the suite: it sees clients and a server like any other.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { web } from '../../src/index.ts';
import { startNetwork } from '../support/network.ts';
import { freePort } from '../support/ports.ts';
import { temporary } from '../support/temporary.ts';
import { eventually, within } from '../support/wait.ts';
import type { Edition } from './edition.ts';
import { rawSchema, type Verdict, verdicts } from './verdict.ts';

/** The whole suite takes half a minute on an idle machine. */
const runMs = 10 * 60_000;

const driver = join(import.meta.dirname, 'drive.mjs');

/** @param only ids of tests; none for all. Then dependencies do not count. */
export async function runCacheTests(edition: Edition, only: readonly string[] = []): Promise<Verdict[]> {
  using scratch = temporary('conformance');
  await using server = await startServer(edition, scratch.path);
  await using network = await startNetwork({
    nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'], informational: true } },
    routes: [web({ upstream: server.url })],
  });
  const [given, results] = [join(scratch.path, 'edition.json'), join(scratch.path, 'results.json')];
  writeFileSync(given, JSON.stringify({ ...edition, only, base: network.url('pop') }));
  using client = startNode(['run', given, results], {}, join(scratch.path, 'client.out'));
  const code = await within(runMs, 'the suite', client.exited);
  if (code !== 0) throw new Error(`the suite's client ended with ${code}:\n${client.output()}`);
  return verdicts(rawSchema.parse(JSON.parse(readFileSync(results, 'utf8'))), only.length === 0);
}

async function startServer({ server, folder }: Edition, scratch: string) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = {
    npm_config_protocol: 'http',
    npm_config_port: String(port),
    npm_config_pidfile: join(scratch, 'server.pid'),
  };
  const child = startNode(['serve', server], settings, join(scratch, 'server.out'), folder);
  try {
    await eventually("the suite's server to listen", async () => {
      if (child.over()) throw new Error(`the suite's server ended:\n${child.output()}`);
      return fetch(`${url}/state/none`).then(
        (response) => response.body?.cancel().then(() => true) ?? true,
        () => false, // not yet
      );
    });
  } catch (error) {
    child[Symbol.dispose]();
    throw error;
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      child[Symbol.dispose]();
      await child.exited;
    },
  };
}

function startNode(args: readonly string[], env: Record<string, string>, outputPath: string, cwd?: string) {
  const node = Bun.which('node');
  if (node === null) throw new Error('the cache tests need Node: `node` is not on the PATH');
  const output = Bun.file(outputPath);
  const child = Bun.spawn([node, '--no-warnings', driver, ...args], {
    cwd: cwd ?? import.meta.dirname,
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: output,
    stderr: 'inherit',
  });
  return {
    exited: child.exited,
    over: () => child.exitCode !== null || child.signalCode !== null,
    output: () => readFileSync(outputPath, 'utf8'),
    [Symbol.dispose]: () => child.kill('SIGKILL'),
  };
}
