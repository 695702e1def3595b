/** Crates: what is this ecosystem's own. See README.md. */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import type { Changing, Described, Ecosystem, Item, Mirroring, Read, Write } from '../registry/ecosystem.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { cargoForesight } from './foresight.ts';
import { guides } from './guides.ts';
import { lineOf, readIndexLines } from './index-lines.ts';
import { configItem, crateItem, indexItem, types } from './item.ts';
import { canonicalCrate, indexPathOf, objectionToCrate } from './name.ts';
import { listOwners, refuseOwnerChange } from './owners.ts';
import { cratePathOf, readCargoPath } from './path.ts';
import { publishCrate, yank } from './publish.ts';
import { findLine, pull } from './pull.ts';
import { search } from './search.ts';
import { serve } from './serve.ts';
import { versions } from './version.ts';

export interface CargoOptions {
  /** Whether cargo shows its token with every request, and asks for one where it has none. */
  readonly authRequired: boolean;
}

export function cargo({ authRequired }: CargoOptions): Ecosystem {
  return {
    id: 'cargo',
    title: 'Cargo',
    ...{ read, write, serve, receive, guides, needs, foresee },
    roots: [`/${configItem.path}`],
    order: versions,
    advisories: 'crates.io',
    foresight: cargoForesight(),
    canonical: canonicalCrate,
    pull: (item, at) => pull(item, authRequired, at),
    error: (_, message) => ({ type: types.json, body: JSON.stringify({ errors: [{ detail: message }] }) }),
    challenge: (url) => `Cargo login_url="${url}/me"`,
    facts: async (name, version, at) =>
      objectionToCrate(name) === null ? findLine(name, version, at) : null,
    describe: ({ meta }) => described(meta),
  };
}

function read(path: string): Read {
  const address = readCargoPath(path);
  if ('malformed' in address) return { as: 'malformed', why: address.malformed };
  if ('absent' in address) return { as: 'absent', why: address.absent };
  switch (address.of) {
    case 'config':
      return { as: 'item', item: configItem };
    case 'index':
      return { as: 'item', item: indexItem(address.name) };
    case 'crate':
      return { as: 'item', item: crateItem(address.name, address.version) };
    case 'search':
      return { as: 'pass', what: 'search', name: null };
    case 'owners':
      return { as: 'pass', what: 'owners', name: address.name };
    case 'login':
      return { as: 'answer', kind: 'login', status: 200, type: types.lines, body: loginPage };
    default:
      return { as: 'absent', why: 'Nothing can be read at this address of the API.' };
  }
}

/** Where `cargo login` sends people. */
const loginPage = `A token for cargo is made in this network's console, under "Tokens", or with:

    meridian token create --owner user:NAME --label cargo

Paste it where cargo login asks for it.
`;

function write(method: string, path: string): Write | null {
  const address = readCargoPath(path);
  if ('malformed' in address) return { as: 'malformed', why: address.malformed };
  if (!('of' in address)) return null;
  const change = { as: 'change', action: 'publish', bringsBlob: false } as const;
  switch (`${method} ${address.of}`) {
    case 'PUT new':
      return { ...change, what: 'publish', name: null, bringsBlob: true };
    case 'DELETE yank':
      return { ...change, what: 'yank', name: 'name' in address ? address.name : null };
    case 'PUT unyank':
      return { ...change, what: 'unyank', name: 'name' in address ? address.name : null };
    case 'PUT owners':
    case 'DELETE owners':
      return { ...change, what: 'change-owners', name: 'name' in address ? address.name : null };
    default:
      return null;
  }
}

async function receive(what: string, at: Changing): Promise<Answer> {
  if (what === 'publish') return publishCrate(at);
  if (what === 'search') return search(at);
  const address = readCargoPath(at.path);
  if (!('name' in address)) throw new Refusal(404, 'The API of a registry has nothing at this address.');
  if (what === 'owners') return listOwners(address.name, at);
  if ('version' in address) return yank(address.name, address.version, what === 'yank', at);
  return refuseOwnerChange(address.name, at);
}

/** As a lock file names it. Its sum is the index's, which is held against the lock file's. */
async function needs(wanted: Parameters<NonNullable<Ecosystem['needs']>>[0], at: Mirroring) {
  const { name, version, integrity } = wanted;
  const index = `/${indexPathOf(name)}`;
  const bytes = await at.read(index);
  const line = bytes === null ? null : lineOf(readIndexLines(bytes, name), version);
  if (line === null) return [];
  const sha256 = /^sha256:([0-9a-f]{64})$/.exec(integrity ?? '')?.[1] ?? line.sha256;
  return [{ path: index }, { path: `/${cratePathOf(name, line.version)}`, sha256 }];
}

/** Cargo takes the highest version that fits: mostly the newest. */
function foresee({ kind, name }: Item, body: Uint8Array): readonly Item[] {
  if (kind !== 'index' || name === null) return [];
  const usable = readIndexLines(body, name).filter(
    ({ version, yanked }) => !yanked && !versions.isPrerelease(version),
  );
  const newest = usable.reduce<string | null>(
    (best, { version }) => (best === null || versions.compare(version, best) > 0 ? version : best),
    null,
  );
  return newest === null ? [] : [crateItem(name, newest)];
}

const text = z.string().nullish();
const list = z.array(z.string()).nullish();
const shape = z.object({
  about: z.object({
    ...{ description: text, license: text, homepage: text, repository: text, readme: text },
    ...{ keywords: list, authors: list },
  }),
  dependencies: z.number(),
});

function described(meta: unknown): Described {
  const { data } = shape.safeParse(meta);
  if (data === undefined) return {};
  const { license, description, homepage, repository, readme, keywords, authors } = data.about;
  return {
    ...{
      description: description ?? undefined,
      licence: license ?? undefined,
      homepage: homepage ?? undefined,
    },
    ...{ repository: repository ?? undefined, readme: readme ?? undefined, keywords: keywords ?? undefined },
    ...{ authors: authors ?? undefined, dependencies: data.dependencies },
  };
}
