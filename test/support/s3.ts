/**
 * An S3 server for a test: s3rver, as a process of its own, on loopback, with one empty bucket.
 *
 * It checks signatures of version 4 hardly, keeps no checksums, ignores server-side encryption and the range `0-0`, and refuses
 * to abort an upload in parts (405), which leaves the parts where they are.
 */
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { temporary } from './temporary.ts';
import { eventually } from './wait.ts';

export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Stops answering; `start` brings it back with what it had. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const program = join(import.meta.dir, 's3-program.mjs');

export async function startS3(): Promise<S3Server> {
  const folder = temporary('s3');
  const port = await freePort();
  const bucket = 'blobs';
  const endpoint = `http://127.0.0.1:${port}`;
  let server: Bun.Subprocess | null = null;

  async function start(): Promise<void> {
    server = Bun.spawn(['node', '--openssl-legacy-provider', program, folder.path, String(port), bucket], {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'inherit',
    });
    await eventually('the S3 server to answer', () =>
      fetch(endpoint).then(
        () => true,
        () => false,
      ),
    );
  }

  async function kill(): Promise<void> {
    server?.kill('SIGKILL');
    await server?.exited;
  }

  const killAtExit = () => server?.kill('SIGKILL');
  process.once('exit', killAtExit);
  await start();
  return {
    endpoint,
    bucket,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    kill,
    start,
    async stop() {
      process.off('exit', killAtExit);
      await kill();
      folder[Symbol.dispose]();
    },
  };
}
