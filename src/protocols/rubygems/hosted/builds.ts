/** Gems that live here, as indexes tell of them: each build is a file of its version. */
import { z } from 'zod';
import type { Pulling } from '../../registry/ecosystem.ts';
import { versionsOf } from '../../registry/hosted/find.ts';
import type { HostedFile, HostedVersion, Meta } from '../../registry/hosted/record.ts';
import { numberOf } from '../file-name.ts';
import type { Gemspec } from '../gemspec.ts';
import { lineOf, writeInfo } from '../info.ts';
import { md5Of, type Told } from '../log.ts';

/** What is remembered of a file, for its line. */
const fileFacts = z.object({
  platform: z.string(),
  dependencies: z.array(z.object({ name: z.string(), requirements: z.array(z.string()) })),
  ruby: z.array(z.string()),
  rubygems: z.array(z.string()),
  /** Taken back by `gem yank`: it can be had, and no index names it. */
  isYanked: z.boolean(),
});

/** What is remembered of a version, for people. */
const versionFacts = z.object({
  summary: z.string(),
  description: z.string().nullable(),
  homepage: z.string().nullable(),
  licenses: z.array(z.string()),
  authors: z.array(z.string()),
  links: z.record(z.string(), z.string()),
});

/** Longest text that is remembered for people. */
const mostChars = 4_000;

export function fileMetaOf({ platform, dependencies, ruby, rubygems }: Gemspec): Meta {
  const runtime = dependencies.filter(({ type }) => type === 'runtime');
  return {
    ...{ platform, ruby, rubygems, isYanked: false },
    dependencies: runtime.map(({ name, requirements }) => ({ name, requirements })),
  };
}

export function versionMetaOf({
  summary,
  description,
  homepage,
  licenses,
  authors,
  metadata,
}: Gemspec): Meta {
  const cut = (text: string) => text.slice(0, mostChars);
  return {
    ...{ summary: cut(summary), description: description && cut(description), homepage, licenses, authors },
    links: metadata,
  };
}

export function factsOfFile({ meta }: HostedFile) {
  return fileFacts.parse(meta);
}

export function factsOfVersion({ meta }: HostedVersion) {
  return versionFacts.parse(meta);
}

export interface OwnGem extends Told {
  /** `/info/<gem>`. */
  readonly info: string;
}

interface OwnBuild {
  readonly atMs: number;
  readonly number: string;
  readonly line: string;
}

/** `null`: nothing of it is offered. */
export async function ownGem(name: string, at: Pulling): Promise<OwnGem | null> {
  const builds: OwnBuild[] = [];
  for await (const version of versionsOf(at, name)) {
    for (const file of version.files) {
      const { isYanked, ...facts } = factsOfFile(file);
      if (isYanked) continue;
      const build = { version: version.version, platform: facts.platform };
      const line = lineOf({ ...facts, ...build, sha256: file.blob, createdMs: file.uploadedMs });
      builds.push({ atMs: file.uploadedMs, number: numberOf(build), line });
    }
  }
  if (builds.length === 0) return null;
  builds.sort((a, b) => a.atMs - b.atMs || (a.number < b.number ? -1 : 1));
  const info = writeInfo(builds.map(({ line }) => line));
  return { info, md5: md5Of(info), numbers: new Set(builds.map(({ number }) => number)) };
}
