/**
 * An edition of the public cache tests, as it lies on this machine. There are two layouts: that of the npm package,
 * and the newer one of the repository, which keeps client and server under `test-engine/`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export interface Edition {
  /** For people: which edition this is. */
  readonly name: string;
  readonly folder: string;
  readonly server: string;
  readonly client: string;
  readonly tests: string;
  /** The older client has to be given a `fetch`; the newer one uses Node's. */
  readonly givesFetch: boolean;
}

/** The edition in `folder`; without one, the npm package that the tests of this repository depend on. */
export function findEdition(folder?: string): Edition {
  if (folder !== undefined) return editionIn(folder);
  return editionIn(join(import.meta.dirname, '..', '..', 'node_modules', 'http-cache-tests'));
}

function editionIn(folder: string): Edition {
  const engine = join(folder, 'test-engine');
  const newer = existsSync(engine);
  const parts = newer ? engine : folder;
  const [server, client, tests] = [join(parts, 'server'), join(parts, 'client'), join(folder, 'tests')];
  for (const part of [server, client, tests]) {
    if (!existsSync(part)) throw new Error(`${folder} is no edition of the cache tests: there is no ${part}`);
  }
  const { version } = packageSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const name = newer ? `repository, ${version}` : `npm package, ${version}`;
  return { name, folder, server, client, tests, givesFetch: !newer };
}

const packageSchema = z.object({ version: z.string() });
