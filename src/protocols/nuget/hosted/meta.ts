/** What is remembered of a version that lives here: what its registration says of it. */
import { z } from 'zod';
import type { HostedVersion, Meta } from '../../registry/hosted/record.ts';
import type { Nuspec } from '../nuspec.ts';
import { type Entry, unlistedTime } from '../registration.ts';

const optional = z.string().optional();
const shape = z.object({
  ...{
    id: z.string(),
    version: z.string(),
    fullVersion: z.string(),
    authors: z.string(),
    description: z.string(),
  },
  ...{
    title: optional,
    summary: optional,
    projectUrl: optional,
    licenseUrl: optional,
    licenseExpression: optional,
  },
  ...{ iconUrl: optional, repository: optional, readme: optional, minClientVersion: optional },
  ...{ tags: z.array(z.string()), packageTypes: z.array(z.string()), requireLicenseAcceptance: z.boolean() },
  groups: z.array(
    z.object({
      targetFramework: optional,
      dependencies: z.array(z.object({ id: z.string(), range: z.string() })),
    }),
  ),
});

export type VersionFacts = z.output<typeof shape>;

export function metaOf(nuspec: Nuspec): Meta {
  // What is undefined is nothing that JSON would hold.
  return JSON.parse(JSON.stringify(nuspec)) as Meta;
}

export function factsOf({ meta }: HostedVersion): VersionFacts {
  return shape.parse(meta);
}

/** As it stands in a registration. */
export function entryOf(hosted: HostedVersion): Entry {
  const { groups, repository: _, readme: __, packageTypes, fullVersion, ...facts } = factsOf(hosted);
  const listed = hosted.yanked === null;
  const [file] = hosted.files;
  const sha512 = file?.hashes.sha512;
  return {
    ...facts,
    ...{
      version: fullVersion,
      listed,
      published: listed ? new Date(hosted.publishedMs).toISOString() : unlistedTime,
    },
    ...(packageTypes.length > 0 && { packageTypes: packageTypes.map((name) => ({ name })) }),
    ...(sha512 !== undefined && {
      packageHash: Buffer.from(sha512, 'hex').toString('base64'),
      packageHashAlgorithm: 'SHA512',
    }),
    ...(file !== undefined && { packageSize: file.sizeBytes }),
    dependencyGroups: groups,
  };
}
