/** `poetry.lock` and `pdm.lock`: tables of packages, each with the hashes of its files. */
import { z } from 'zod';
import type { Wanted } from '../../../protocol.ts';
import { anyOf } from './hashes.ts';
import type { Locked } from './locked.ts';

const files = z.array(z.looseObject({ hash: z.string().optional() }));
const word = z.string().optional();
const lock = z.looseObject({
  package: z
    .array(
      z.looseObject({
        ...{ name: z.string(), version: z.string() },
        files: files.optional(),
        /** Of Poetry: where it is from, unless that is PyPI; `legacy` is another index. */
        source: z.looseObject({ type: z.string() }).optional(),
        /** Of PDM. */
        ...{ git: word, url: word, path: word },
      }),
    )
    .default([]),
  /** Of Poetry 1.4 and before. */
  metadata: z.looseObject({ files: z.record(z.string(), files).optional() }).optional(),
});

export function pythonLocked(text: string): Locked {
  const { package: all, metadata } = lock.parse(Bun.TOML.parse(text));
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const { name, version, source, git, url, path, files: own } of all) {
    const isElsewhere =
      (source !== undefined && source.type !== 'legacy') || (git ?? url ?? path) !== undefined;
    const known = own ?? metadata?.files?.[name] ?? [];
    if (isElsewhere) others.push(name);
    else packages.push({ name, version, integrity: anyOf(known.map(({ hash }) => hash)) });
  }
  return { packages, others };
}
