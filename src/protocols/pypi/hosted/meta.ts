/** What is written down of a file and of a version beside what every ecosystem has: in the words of the core metadata. */
import { z } from 'zod';
import type { Described } from '../../registry/ecosystem.ts';
import type { HostedVersion, Meta } from '../../registry/hosted/record.ts';
import type { CoreMetadata } from '../core-metadata.ts';

const file = z.object({
  requiresPython: z.string().nullable(),
  /** SHA-256 of its METADATA, hexadecimal, which is kept beside it; `null`: an sdist has none apart. */
  metadata: z.string().nullable(),
});

export type FileMeta = Readonly<z.output<typeof file>>;

export const asFileMeta = (meta: Meta): FileMeta => file.parse(meta);

const version = z.object({
  ...{ summary: z.string(), licence: z.string(), homepage: z.string(), repository: z.string() },
  ...{
    keywords: z.array(z.string()),
    authors: z.array(z.string()),
    dependencies: z.number(),
    readme: z.string(),
  },
});

/** Longer ones are cut off: a reader who wants more has the file. In characters. */
const longestReadme = 100_000;
const longestLine = 1_000;
const mostWords = 100;

export function versionMeta(metadata: CoreMetadata): Meta {
  const line = (text: string) => text.slice(0, longestLine);
  const lines = (texts: readonly string[]) => texts.slice(0, mostWords).map(line);
  const meta: z.output<typeof version> = {
    ...{ summary: line(metadata.summary), licence: line(metadata.licence) },
    ...{ homepage: line(metadata.homepage), repository: line(metadata.repository) },
    ...{ keywords: lines(metadata.keywords), authors: lines(metadata.authors) },
    ...{ dependencies: metadata.dependencies, readme: metadata.description.slice(0, longestReadme) },
  };
  return meta;
}

export function describe({ meta }: HostedVersion): Described {
  const { summary: description, ...rest } = version.parse(meta);
  return { description, ...rest };
}
