/** Gems, as `gem` and Bundler ask for them. See README.md. */
import { MeridianError } from '../../errors.ts';
import type { Changing, Ecosystem } from '../registry/ecosystem.ts';
import { readAddress, writeAddress } from './address.ts';
import { readNumber } from './file-name.ts';
import { foresee } from './foresee.ts';
import { gemForesight } from './foresight.ts';
import { guides } from './guides.ts';
import { about, changeOwner, owners, ownNames, ownVersions, search } from './hosted/api.ts';
import { factsOfFile, factsOfVersion } from './hosted/builds.ts';
import { logIn } from './hosted/log-in.ts';
import { push, yank } from './hosted/push.ts';
import { serveGem } from './hosted/serve.ts';
import { needs } from './needs.ts';
import { pullGem } from './pull-gem.ts';
import { findLine, pullInfo } from './pull-info.ts';
import { pullNames, pullSpecs } from './pull-lists.ts';
import { pullVersions } from './pull-versions.ts';
import { versions } from './version.ts';

export const rubygems: Ecosystem = {
  id: 'rubygems',
  title: 'RubyGems',
  read: readAddress,
  write: (method, path) => writeAddress(method, path),
  async pull(item, at) {
    const { kind, name } = item;
    if (name === null) {
      if (kind === 'versions') return pullVersions(at);
      return kind === 'names' ? pullNames(item, at) : pullSpecs(item, at);
    }
    if (kind === 'info' || kind === 'facts') return pullInfo(item, name, kind === 'facts', at);
    return pullGem(item, at);
  },
  serve: serveGem,
  receive,
  // `gem` and Bundler show the body as it is.
  error: (_, message) => ({ type: 'text/plain; charset=utf-8', body: `${message}\n` }),
  order: versions,
  advisories: 'RubyGems',
  canonical: (name) => name,
  async facts(name, version, at) {
    const number = readNumber(version);
    const line = number && (await findLine({ name, ...number }, at));
    return line && { publishedMs: line.createdMs };
  },
  guides,
  needs,
  foresee,
  foresight: gemForesight(),
  describe(version) {
    const { summary, description, homepage, licenses, authors, links } = factsOfVersion(version);
    const [first] = version.files;
    return {
      ...{ description: summary, authors, licence: licenses.join(', ') || undefined },
      ...{ homepage: homepage ?? undefined, repository: links['source_code_uri'] },
      ...{ readme: description ?? undefined, dependencies: first && factsOfFile(first).dependencies.length },
    };
  },
};

async function receive(what: string, at: Changing) {
  const read = readAddress(at.path, at.query);
  const written = writeAddress(at.ask.exchange.method, at.path);
  const named = read.as === 'pass' ? read.name : written?.as === 'change' ? written.name : null;
  const name = named ?? '';
  switch (what) {
    case 'push':
      return push(at);
    case 'yank':
      return yank(at);
    case 'log-in':
      return logIn(at);
    case 'owners':
      return owners(name, at);
    case 'owner':
      return changeOwner(name, at);
    case 'about':
      return about(name, at);
    case 'search':
      return search(at);
    case 'own-versions':
      return ownVersions(at);
    case 'own-names':
      return ownNames(at);
    default:
      throw new MeridianError('internal', `Nothing is known of ${what}.`);
  }
}
