/** A server of somebody else's, on loopback: killed, started again, and gone when the tests are. */
import { closeSync, openSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { type Temporary, temporary } from './temporary.ts';
import { eventually } from './wait.ts';

export interface Daemon extends AsyncDisposable {
  readonly port: number;
  /** What it keeps, and its log. */
  readonly folder: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** The same command, on the same port, with what is in the folder. */
  start(): Promise<void>;
  /** Takes a copy of the folder. What it gives kills the server and starts it with that copy. */
  save(): Promise<() => Promise<void>>;
}

/** What must not outlive the tests, however they end. */
const alive = new Set<Bun.Subprocess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** @param command and variables of its port and folder. */
export async function startDaemon(
  name: string,
  command: (port: number, folder: string) => readonly string[],
  variables: (port: number, folder: string) => Record<string, string> = () => ({}),
): Promise<Daemon> {
  const kept: Temporary = temporary(name);
  const copy = `${kept.path}.saved`;
  const port = await freePort();
  let child: Bun.Subprocess | null = null;

  async function start(): Promise<void> {
    const output = openSync(join(kept.path, 'output.log'), 'a');
    const started = Bun.spawn([...command(port, kept.path)], {
      cwd: kept.path,
      env: { ...process.env, ...variables(port, kept.path) },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    child = started;
    alive.add(started);
    void started.exited.then(() => alive.delete(started));
    await eventually(`${name} to listen`, () => listens(port), { withinMs: 20_000 });
  }

  async function kill(): Promise<void> {
    child?.kill('SIGKILL');
    await child?.exited;
  }

  async function save(): Promise<() => Promise<void>> {
    await kill();
    await cp(kept.path, copy, { recursive: true });
    await start();
    return async () => {
      await kill();
      await rm(kept.path, { recursive: true });
      await rename(copy, kept.path);
      await start();
    };
  }

  await start();
  return {
    port,
    folder: kept.path,
    kill,
    start,
    save,
    async [Symbol.asyncDispose]() {
      await kill();
      kept[Symbol.dispose]();
      await rm(copy, { recursive: true, force: true });
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** @param durable acknowledges what is on disk, and reads it at its next start. */
export function startRedis({ durable = false, more = [] as readonly string[] } = {}): Promise<Daemon> {
  const keep = durable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  return startDaemon('redis', (port, folder) => [
    'redis-server',
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...keep, ...more],
  ]);
}

/** With JetStream, in its folder. */
export function startNats(more: readonly string[] = []): Promise<Daemon> {
  return startDaemon('nats', (port, folder) => [
    'nats-server',
    ...[
      '--addr',
      '127.0.0.1',
      '--port',
      String(port),
      '--jetstream',
      '--store_dir',
      join(folder, 'store'),
      ...more,
    ],
  ]);
}
