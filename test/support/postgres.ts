/**
 * A PostgreSQL server for a test: in a temporary folder, on loopback, gone when the test is. As another user where the test
 * is run by root, which PostgreSQL refuses to be.
 */
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, copyFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { freePort } from './ports.ts';
import { temporary } from './temporary.ts';
import { eventually, within } from './wait.ts';

export interface PostgresServer {
  /** `postgres://user@host:port/database` */
  readonly url: string;
  readonly password: string;
  /** Ends it at once, as a crash would: what was under way is lost, what was committed is not. */
  crash(): Promise<void>;
  /** On the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const programs = programsFolder();
const isRoot = process.getuid?.() === 0;

/** Why there can be no server, or `null`. */
export const postgresProblem =
  programs === null
    ? 'PostgreSQL is not installed'
    : isRoot && idOf('postgres') === null
      ? 'there is no user postgres'
      : null;

/** Paths of PEM files: what it shows; and, with `ca`, whom it trusts, so that clients have to show a certificate. */
export interface PostgresTls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string | undefined;
}

export async function startPostgres(tls?: PostgresTls): Promise<PostgresServer> {
  if (programs === null) throw new Error('PostgreSQL is not installed');
  const folder = temporary('postgres');
  const data = join(folder.path, 'data');
  const port = await freePort();
  await chmod(folder.path, 0o755);
  if (isRoot) await chown(folder.path, Number(idOf('postgres')), -1);
  const password = crypto.randomUUID();
  const passwordFile = join(folder.path, 'password');
  await writeFile(passwordFile, password);
  const initdb = [join(programs, 'initdb'), '-D', data, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  const made = ['-U', 'meridian', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  await run([...initdb, ...made]);

  // Crashes of the server leave the machine running, so what it wrote is there without being flushed.
  const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder.path}`];
  if (tls) settings.push(...(await tlsSettings(tls, folder.path, data)));
  const arguments_ = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  let server: Bun.Subprocess | null = null;

  async function start(): Promise<void> {
    const started = Bun.spawn(asServer([join(programs ?? '', 'postgres'), ...arguments_]), {
      cwd: folder.path,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
    });
    server = started;
    const isReady = [join(programs ?? '', 'pg_isready'), '-q', '-h', '127.0.0.1', '-p', String(port)];
    await eventually('PostgreSQL to take connections', async () => {
      if (started.exitCode !== null) throw new Error(`PostgreSQL has ended with ${started.exitCode}`);
      return (await Bun.spawn(isReady, { stdout: 'ignore', stderr: 'ignore' }).exited) === 0;
    });
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    server?.kill(signal);
    if (server) await within(10_000, 'PostgreSQL to end', server.exited);
    server = null;
  }

  await start();
  return {
    url: `postgres://meridian@127.0.0.1:${port}/postgres`,
    password,
    start,
    crash: () => end('SIGQUIT'),
    async stop() {
      await end('SIGQUIT');
      folder[Symbol.dispose]();
    },
  };
}

/** It wants a key that is its own, and nobody else's to read. */
async function tlsSettings(tls: PostgresTls, folder: string, data: string): Promise<string[]> {
  const named: (readonly [string, string])[] = [
    ['ssl_cert_file', tls.cert],
    ['ssl_key_file', tls.key],
    ...(tls.ca === undefined ? [] : [['ssl_ca_file', tls.ca] as const]),
  ];
  const settings = named.map(async ([name, from]) => {
    const path = join(folder, name);
    await copyFile(from, path);
    await chmod(path, 0o600);
    if (isRoot) await chown(path, Number(idOf('postgres')), -1);
    return `${name}=${path}`;
  });
  const shown = tls.ca === undefined ? '' : ' clientcert=verify-ca';
  await writeFile(join(data, 'pg_hba.conf'), `hostssl all all 127.0.0.1/32 scram-sha-256${shown}\n`);
  return ['ssl=on', ...(await Promise.all(settings))];
}

/** Debian keeps each version in a folder of its own, not on the path. */
function programsFolder(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...onPath()];
  return folders.find((folder) => existsSync(join(folder, 'postgres'))) ?? null;
}

function onPath(): string[] {
  const found = Bun.which('postgres');
  return found === null ? [] : [dirname(found)];
}

function idOf(user: string): string | null {
  const { success, stdout } = Bun.spawnSync(['id', '-u', user], { stderr: 'ignore' });
  return success ? stdout.toString().trim() : null;
}

/** As the user postgres where need be, and killed when this process is. */
function asServer(command: readonly string[]): string[] {
  const user = isRoot ? ['--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  return ['setpriv', ...user, '--pdeathsig=KILL', ...command];
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn(asServer(command), {
    cwd: '/',
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const [code, said] = await Promise.all([child.exited, child.stderr.text()]);
  if (code !== 0) throw new Error(`${command[0]} has ended with ${code}: ${said}`);
}
