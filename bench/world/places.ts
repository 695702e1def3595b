/**
 * What a world has that is slow to make, and stays between runs: the origin with all that it holds, lock files, wheels, an image. It lies in the
 * system's folder for temporary files, and may be deleted at any time while nothing runs.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random, writeImage } from '../../test/support/image.ts';
import { capture, freePort } from '../process.ts';

/** What pip installs: two programs that many have, with all that they need. */
export const PYTHON_ROOTS = ['sphinx', 'fastapi'] as const;
/** Bytes of the layers of an image that says nothing, but is as long as one of a small service. */
const LAYERS_MIB = [0.2, 1, 3, 6, 10, 14];

export interface Places {
  readonly data: string;
  readonly secret: string;
  /** Of what is behind the origin: always the same, since the origin remembers addresses. */
  readonly upstreamPort: number;
  readonly wheels: string;
  /** In OCI layout, tag `1`. */
  readonly image: string;
  /** A file of that name, which may not be there. */
  file(name: string): string;
}

export async function openPlaces(): Promise<Places> {
  const folder = join(tmpdir(), 'meridian-bench-world');
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  const remembered = (name: string, make: () => string) => {
    if (!existsSync(file(name))) writeFileSync(file(name), make());
    return readFileSync(file(name), 'utf8');
  };
  const port = String(await freePort());
  return {
    data: file('data'),
    secret: remembered('secret', () => randomBytes(32).toString('hex')),
    upstreamPort: Number(remembered('port', () => port)),
    wheels: await made(file('wheels'), downloadWheels),
    image: await made(file('image'), async (into) => {
      const layers = LAYERS_MIB.map((mib) => random(Math.round(mib * 2 ** 20)));
      writeImage(into, '1', { layers });
    }),
    file,
  };
}

/** A folder that appears under its name when all of it is there. */
async function made(folder: string, make: (into: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  const making = `${folder}.${process.pid}`;
  mkdirSync(making);
  try {
    await make(making);
    renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return folder;
}

/** From wherever this machine's pip is set to. An index that cannot be reached is not waited for. Where there is no pip, the folder stays empty. */
async function downloadWheels(into: string): Promise<void> {
  if (Bun.which('pip') === null) return;
  const patience = ['--retries', '0', '--timeout', '10'];
  await capture('pip', 'download', '-q', ...patience, '--only-binary', ':all:', '-d', into, ...PYTHON_ROOTS);
}
