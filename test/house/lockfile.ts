/**
 * package-lock.json works on every platform and behind every registry. npm leaves out, without a word, the binaries
 * for platforms that the registry at hand does not offer, and `npm ci` then fails for everybody.
 */
import { z } from 'zod';
import type { Rule } from './rule.ts';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

const path = 'package-lock.json';

export const lockFile: Rule = {
  name: 'the lock file lists the binaries for every platform, and no address to download from',
  why: 'npm ci refuses a lock with gaps, and an address ties it to one registry',
  check(files) {
    const file = files.find((candidate) => candidate.path === path);
    if (!file) return [];
    const { packages } = lockSchema.parse(JSON.parse(file.text));
    return Object.entries(packages).flatMap(([name, { resolved, optionalDependencies = {} }]) => {
      const missing = Object.keys(optionalDependencies).filter(
        (dependency) => !packages[`node_modules/${dependency}`]?.version,
      );
      return [
        ...missing.map((dependency) => ({
          path,
          line: 1,
          message: `${name} needs an entry for ${dependency}`,
        })),
        ...(resolved?.includes('://')
          ? [{ path, line: 1, message: `${name} says where to download it` }]
          : []),
      ];
    });
  },
  keeps: [
    {
      [path]: JSON.stringify({
        packages: {
          '': {},
          'node_modules/bun': { version: '1.0.0', optionalDependencies: { '@oven/bun-a': '1.0.0' } },
          'node_modules/@oven/bun-a': { version: '1.0.0', optional: true },
        },
      }),
    },
  ],
  breaks: [
    {
      files: { [path]: '{"packages":{"node_modules/bun":{"optionalDependencies":{"@oven/bun-a":"1.0.0"}}}}' },
      at: [`${path}:1`],
    },
    {
      files: { [path]: '{"packages":{"node_modules/a":{"resolved":"https://example.org/a"}}}' },
      at: [`${path}:1`],
    },
  ],
};
