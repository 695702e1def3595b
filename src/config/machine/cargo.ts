/** The registry that this machine's cargo has in the place of crates.io: `[source.crates-io] replace-with`. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Machine } from './machine.ts';
import { remedy, urlIn } from './url.ts';

const settings = z.object({
  source: z
    .record(z.string(), z.object({ 'replace-with': z.string().optional(), registry: z.string().optional() }))
    .optional(),
  registries: z.record(z.string(), z.object({ index: z.string().optional() })).optional(),
});

/** @returns `null` where crates.io has its own place. @throws where it is replaced by what cannot be pulled from. */
export async function cargoIndex({ env, home, read }: Machine): Promise<string | null> {
  const folder = env.CARGO_HOME || join(home, '.cargo');
  const path = join(folder, 'config.toml');
  const text = (await read(path)) ?? (await read(join(folder, 'config')));
  if (text === null) return null;
  const { source = {}, registries = {} } = settingsIn(text, path);
  const name = source['crates-io']?.['replace-with'];
  if (name === undefined) return null;
  const where = `[source.crates-io] of ${path}`;
  const index = source[name]?.registry ?? registries[name]?.index;
  if (index?.startsWith('sparse+')) return urlIn(index.slice('sparse+'.length), where, 'cargo');
  throw new Error(`${where} is replaced by what is no sparse registry. ${remedy('cargo')}`);
}

function settingsIn(text: string, path: string): z.output<typeof settings> {
  try {
    return settings.parse(Bun.TOML.parse(text));
  } catch (cause) {
    throw new Error(`${path} is no config of cargo. ${remedy('cargo')}`, { cause });
  }
}
