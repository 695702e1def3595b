/**
 * What a request costs that comes to a worker which does not keep what it asks for. No peers: a hop between its own
 * processes is a thing that only Meridian has here.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startCpu } from '../cpu.ts';
import { KIB, object } from '../objects.ts';
import { freePort } from '../process.ts';
import type { Run, Table } from '../suite.ts';
import { startUpstream } from '../upstream.ts';
import { type Kind, openAsking } from './asking.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/meridian.mjs');

interface Case {
  readonly workers: number;
  readonly connections: number;
  readonly kind: Kind;
}

const BODIES = [object(KIB, 'workers'), object(100 * KIB, 'workers')];
const CASES: readonly Case[] = [
  { workers: 1, connections: 32, kind: 'any' },
  { workers: 2, connections: 32, kind: 'any' },
  { workers: 2, connections: 32, kind: 'own' },
  { workers: 2, connections: 32, kind: 'handed over' },
  { workers: 2, connections: 1, kind: 'own' },
  { workers: 2, connections: 1, kind: 'handed over' },
];
export const hopCases = () => CASES.map(titleOf);
const titleOf = ({ workers, connections, kind }: Case) =>
  `${workers === 1 ? '1 worker' : `${workers} workers`}, ${connections === 1 ? '1 connection' : `${connections} connections`}, ${kind}`;

const START_MS = 20_000;
const WARM_MS = 500;

/** One table: each case with each body. Cases whose name contains `run.only`. */
export async function measureHop(run: Run): Promise<Table | null> {
  const wanted = CASES.filter((each) => titleOf(each).includes(run.only));
  if (wanted.length === 0) return null;
  const body: string[][] = [];
  for (const count of new Set(wanted.map((each) => each.workers))) {
    const { url, pid, stop } = await startPop(run, count);
    for (const { path, label } of BODIES) {
      for (const each of wanted.filter((one) => one.workers === count)) {
        const figures = await measure(run, `${url}${path}`, each, pid);
        body.push([titleOf(each), label, ...figures]);
        run.progress(`${titleOf(each)}, ${label}: ${figures.join(' ')}`);
      }
    }
    await stop();
  }
  return {
    title: 'The hop: hits of one object, from the memory of the worker that keeps it',
    remarks: [
      '"Handed over": each connection has come to a worker that does not keep the object. "CPU": user and system time of all processes of the node. The load generator, one process, takes its part of the same cores.',
    ],
    names: 2,
    head: ['case', 'body', 'requests/s', 'median µs', 'CPU µs a request'],
    body,
  };
}

async function measure(run: Run, url: string, { kind, connections }: Case, pid: number): Promise<string[]> {
  const asking = await openAsking(url, kind, connections);
  await asking.ask(WARM_MS);
  const stop = startCpu({ server: [pid], load: [process.pid] }, run.cores);
  const { answers, medianMicros } = await asking.ask(run.seconds * 1000);
  const { seconds, serverBusy } = stop();
  asking.close();
  const cpuMicros = (serverBusy * seconds * 1e6) / answers;
  return [
    Math.round(answers / seconds).toLocaleString('en-US'),
    medianMicros.toFixed(0),
    cpuMicros.toFixed(1),
  ];
}

async function startPop(run: Run, count: number) {
  const directory = run.scratch.directory(`workers-${count}`);
  const upstream = await startUpstream(run.scratch, run.cores.load);
  const ports = { origin: await freePort(), pop: await freePort() };
  const quiet = { accessLog: { format: 'off' }, disk: false };
  const network = {
    name: 'bench',
    secret: randomBytes(32).toString('hex'),
    dataDir: directory,
    nodes: {
      origin: { role: 'origin', listen: [{ port: ports.origin }], ...quiet },
      pop: {
        role: 'pop',
        listen: [{ port: ports.pop }],
        parents: ['origin'],
        workers: count,
        ...quiet,
        hot: false,
      },
    },
    routes: [{ protocol: 'web', name: 'web', web: { upstream: upstream.url } }],
  };
  const file = join(directory, 'meridian.config.json');
  writeFileSync(file, JSON.stringify(network));
  const children = (['origin', 'pop'] as const).map((name) =>
    Bun.spawn(['node', COMMAND, 'serve', '--as', name, '--config', file], {
      stdout: 'ignore',
      stderr: Bun.file(join(directory, `${name}.log`)),
    }),
  );
  const stop = async (): Promise<void> => {
    for (const child of children) child.kill();
    await Promise.all(children.map(({ exited }) => exited));
  };
  run.scratch.atEnd(stop);
  const url = `http://127.0.0.1:${ports.pop}`;
  const deadline = performance.now() + START_MS;
  // A worker that is alone keeps what another will own: nothing is asked for that matters until two of them are there.
  for (let tries = 0; count > 1 && !(await isHandedOver(url + object(KIB, `try-${tries}`).path)); tries++) {
    if (performance.now() > deadline) throw new Error(`of ${count} workers, none hands anything over`);
    await Bun.sleep(10);
  }
  for (const { path } of BODIES) {
    while (!(await isServed(url + path))) {
      if (performance.now() > deadline) throw new Error(`the PoP of ${count} workers does not serve`);
      await Bun.sleep(100);
    }
  }
  return { url, pid: children[1]?.pid ?? 0, stop };
}

/** By whichever worker the connection has come to. */
async function isHandedOver(url: string): Promise<boolean> {
  try {
    const { headers } = await fetch(url, { keepalive: false });
    return headers.get('cache-status')?.includes('owner:') ?? false;
  } catch {
    return false; // nobody listens yet
  }
}

async function isServed(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // nobody listens yet
  }
}
