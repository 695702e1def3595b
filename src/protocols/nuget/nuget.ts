/** .NET packages, by version 3 of NuGet's protocol. See README.md. */
import { MeridianError } from '../../errors.ts';
import type { Changing, Ecosystem, Item, Pulling } from '../registry/ecosystem.ts';
import { readAddress, writeAddress } from './address.ts';
import { pullFeed } from './feed.ts';
import { foresee } from './foresee.ts';
import { nugetForesight } from './foresight.ts';
import { guides } from './guides.ts';
import { factsOf } from './hosted/meta.ts';
import { list, push, refuseSymbols } from './hosted/publish.ts';
import { serve } from './hosted/serve.ts';
import { lowerId, lowerVersion } from './name.ts';
import { needs } from './needs.ts';
import { pullDigest, pullPackage, pullVersions } from './pull-package.ts';
import { pullHive, pullLeaf, pullPage, pullRegistration, timesOf } from './pull-registration.ts';
import { autocomplete, search } from './search.ts';
import { pullService, pullSignatures, pullVulnerabilities } from './service.ts';
import { versions } from './version.ts';

export const nuget: Ecosystem = {
  id: 'nuget',
  title: 'NuGet',
  read: readAddress,
  write: (method, path) => writeAddress(method, path),
  pull: async (item, at) => (item.name === null ? pullShared(item, at) : pullOf(item, item.name, at)),
  serve,
  receive,
  // Clients show the reason of a status line or the body, as it is.
  error: (_, message) => ({ type: 'text/plain; charset=utf-8', body: `${message}\n` }),
  order: versions,
  advisories: 'NuGet',
  canonical: lowerId,
  async facts(id, version, at) {
    const times = await timesOf(id, at);
    const publishedMs = times.get(lowerVersion(version) ?? '');
    return publishedMs === undefined ? null : { publishedMs };
  },
  guides,
  needs,
  foresee,
  foresight: nugetForesight(),
  describe(version) {
    const { description, authors, tags, projectUrl, licenseExpression, repository, groups } =
      factsOf(version);
    return {
      ...{ description, homepage: projectUrl, licence: licenseExpression, repository, keywords: tags },
      authors: authors.split(',').map((author) => author.trim()),
      dependencies: new Set(groups.flatMap(({ dependencies }) => dependencies.map(({ id }) => lowerId(id))))
        .size,
    };
  },
};

async function pullShared(item: Item, at: Pulling) {
  switch (item.kind) {
    case 'service':
      return pullService(at);
    case 'feed':
      return pullFeed(item, at);
    case 'vulnerabilities':
      return pullVulnerabilities(item, at);
    default:
      return pullSignatures(item, at);
  }
}

async function pullOf(item: Item, id: string, at: Pulling) {
  switch (item.kind) {
    case 'versions':
      return pullVersions(item, id, at);
    case 'hive':
      return pullHive(item, id, at);
    case 'digest':
      return pullDigest(item, id, at);
    case 'registration':
      return pullRegistration(id, at);
    case 'registration-page':
      return pullPage(item, id, at);
    case 'registration-leaf':
      return pullLeaf(item, id, at);
    default:
      return pullPackage(item, id, at);
  }
}

async function receive(what: string, at: Changing) {
  switch (what) {
    case 'push':
      return push(at);
    case 'unlist':
      return list(false, at);
    case 'relist':
      return list(true, at);
    case 'symbols':
      return refuseSymbols();
    case 'search':
      return search(at);
    case 'autocomplete':
      return autocomplete(at);
    default:
      throw new MeridianError('internal', `Nothing is known of ${what}.`);
  }
}
