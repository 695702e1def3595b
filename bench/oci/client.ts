/**
 * What a client of containers does besides reading, as a program of its own, so that it can be given the load generator's core:
 *
 *     bun client.ts push <base> <repository> <file> <digest> [<Authorization>]     as docker does: POST, PATCH, PUT
 *     bun client.ts digest <address> [<Authorization>]
 *
 * Prints the seconds that a push took, or the SHA-256 of what was read, `sha256:<hex>`.
 */
import { join } from 'node:path';
import type { CoreSet } from '../machine.ts';
import { pinned } from '../process.ts';
import { REPOSITORY } from './registries.ts';

export interface Push {
  readonly file: string;
  readonly digest: string;
}

/** Seconds from the first request until the registry says that it has it. */
export async function pushed(
  core: CoreSet,
  base: string,
  { file, digest }: Push,
  credential: string | null,
): Promise<number> {
  return Number(await client(core, ['push', base, REPOSITORY, file, digest], credential));
}

export function digestAt(core: CoreSet, address: string, credential: string | null): Promise<string> {
  return client(core, ['digest', address], credential);
}

async function client(core: CoreSet, args: readonly string[], credential: string | null): Promise<string> {
  const command = [process.execPath, join(import.meta.dirname, 'client.ts'), ...args, credential ?? ''];
  const child = Bun.spawn(pinned(core, command), { stdout: 'pipe', stderr: 'pipe' });
  const [output, said] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(said.trim().slice(-500));
  return output.trim();
}

async function push(
  base: string,
  repository: string,
  file: string,
  digest: string,
  fields: Record<string, string>,
): Promise<number> {
  const startedMs = performance.now();
  const ask = async (method: string, address: URL, wanted: number, body?: Blob) => {
    const headers = { ...fields, 'content-type': 'application/octet-stream' };
    const response = await fetch(address, { method, headers, ...(body && { body }) });
    const text = await response.text();
    if (response.status !== wanted) throw new Error(`${method}: ${response.status}: ${text.slice(0, 300)}`);
    return new URL(response.headers.get('location') ?? '', address);
  };
  const place = await ask('POST', new URL(`${base}/v2/${repository}/blobs/uploads/`), 202);
  const end = await ask('PATCH', place, 202, Bun.file(file));
  end.searchParams.set('digest', digest);
  await ask('PUT', end, 201);
  return (performance.now() - startedMs) / 1000;
}

async function digestOfAnswer(address: string, headers: Record<string, string>): Promise<string> {
  const response = await fetch(address, { headers });
  const hash = new Bun.CryptoHasher('sha256');
  for await (const piece of response.body ?? []) hash.update(piece);
  return `sha256:${hash.digest('hex')}`;
}

if (import.meta.main) {
  const [what, ...args] = process.argv.slice(2);
  const authorization = args.pop() ?? '';
  const fields: Record<string, string> = authorization === '' ? {} : { authorization };
  const [first = '', repository = '', file = '', digest = ''] = args;
  console.log(
    what === 'push'
      ? await push(first, repository, file, digest, fields)
      : await digestOfAnswer(first, fields),
  );
}
