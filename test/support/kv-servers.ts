/**
 * Real key/value servers for a test, on loopback, with a folder of their own: Redis, and NATS with JetStream.
 */
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { temporary } from './temporary.ts';
import { eventually } from './wait.ts';

export interface KvServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** SIGKILL. What it has on disk stays. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and folder. */
  restart(): Promise<void>;
  /** Stops it from running without closing any connection, until `resume`. */
  freeze(): void;
  resume(): void;
}

export type KvServerKind = 'redis' | 'nats';

/** Why there is none here, or `null`. */
export function kvServerProblem(kind: KvServerKind): string | null {
  return Bun.which(programs[kind]) === null ? `${programs[kind]} is not installed` : null;
}

const programs = { redis: 'redis-server', nats: 'nats-server' } as const;

/** What must not outlive the tests, however they end. */
const alive = new Set<Bun.Subprocess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export interface KvServerOptions {
  /** Nobody gets in without it. */
  readonly password?: string;
  /** Beyond what every server here is started with. */
  readonly args?: readonly string[];
}

/** The user that NATS wants with its password. Redis wants none. */
export const kvUser = 'meridian';

export async function startKvServer(kind: KvServerKind, options: KvServerOptions = {}): Promise<KvServer> {
  const folder = temporary(kind);
  const port = await freePort();
  const [host, at] = ['127.0.0.1', String(port)];
  const args = {
    redis: ['--bind', host, '--port', at, '--dir', folder.path, '--appendonly', 'yes', '--save', ''],
    nats: ['-a', host, '-p', at, '-js', '-sd', join(folder.path, 'jetstream')],
  };
  const { password, args: more = [] } = options;
  const login = {
    redis: (word: string) => ['--requirepass', word],
    nats: (word: string) => ['--user', kvUser, '--pass', word],
  };
  args[kind].push(...(password === undefined ? [] : login[kind](password)), ...more);
  let child: Bun.Subprocess;

  async function start(): Promise<void> {
    child = Bun.spawn([programs[kind], ...args[kind]], {
      stdin: 'ignore',
      stdout: Bun.file(join(folder.path, 'out.log')),
      stderr: Bun.file(join(folder.path, 'err.log')),
    });
    alive.add(child);
    await eventually(`${kind} to take connections`, () => {
      if (child.exitCode !== null) throw new Error(`${programs[kind]} has ended with ${child.exitCode}`);
      return takesConnections(port);
    });
  }

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    await child.exited;
    alive.delete(child);
  }

  await start();
  return {
    port,
    url: `${kind}://${host}:${port}`,
    kill,
    restart: start,
    freeze: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await kill();
      folder[Symbol.dispose]();
    },
  };
}

/** NATS greets; Redis answers, and says so while it is still reading its files. */
async function takesConnections(port: number): Promise<boolean> {
  const heard = Promise.withResolvers<boolean>();
  const socket = {
    data: (_: unknown, bytes: Buffer) => heard.resolve(!bytes.toString().startsWith('-LOADING')),
    close: () => heard.resolve(false),
  };
  try {
    const opened = await Bun.connect({ hostname: '127.0.0.1', port, socket });
    opened.write('PING\r\n');
    const isReady = await heard.promise;
    opened.end();
    return isReady;
  } catch {
    return false; // not yet
  }
}
