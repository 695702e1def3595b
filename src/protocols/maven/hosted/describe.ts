/** What people are told of a version, by its POM: written down when that comes. */
import { z } from 'zod';
import type { Described } from '../../registry/ecosystem.ts';
import type { HostedVersion, Meta } from '../../registry/hosted/record.ts';
import type { Pom } from '../pom.ts';

const text = z.string().optional();
const record = z.object({
  packaging: text,
  prefix: text,
  title: text,
  description: text,
  homepage: text,
  repository: text,
  licences: z.array(z.string()).optional(),
  developers: z.array(z.string()).optional(),
  dependencies: z.number().optional(),
});

const mostNames = 20;
const longest = 4000;

export function metaOf(pom: Pom): Meta {
  const written: z.input<typeof record> = {
    ...{ packaging: pom.packaging, prefix: pom.goalPrefix, title: short(pom.name) },
    ...{ description: short(pom.description), homepage: short(pom.url), repository: short(pom.scm) },
    licences: pom.licences.slice(0, mostNames).map((each) => each.slice(0, 200)),
    developers: pom.developers.slice(0, mostNames).map((each) => each.slice(0, 200)),
    dependencies: pom.dependencies.length,
  };
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

export function describe({ files }: HostedVersion): Described {
  const { description, homepage, repository, licences, developers, dependencies } = pomRecord(files);
  return {
    ...{ description, homepage, repository, authors: developers, dependencies },
    licence: licences?.join(', ') || undefined,
  };
}

export interface PluginRecord {
  readonly title: string | undefined;
  readonly prefix: string | undefined;
}

/** `null`: it is no plugin. */
export function pluginIn({ files }: HostedVersion): PluginRecord | null {
  const { packaging, prefix, title } = pomRecord(files);
  return packaging === 'maven-plugin' ? { prefix, title } : null;
}

/** Of the POM that came last. */
function pomRecord(files: HostedVersion['files']): z.output<typeof record> {
  const poms = files.filter(({ name }) => name.endsWith('.pom')).sort((a, b) => b.uploadedMs - a.uploadedMs);
  return record.safeParse(poms[0]?.meta ?? {}).data ?? {};
}

function short(said: string | undefined): string | undefined {
  return said?.slice(0, longest);
}
