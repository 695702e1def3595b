/** Go modules: what is this ecosystem's own. See README.md. */
import type { Ecosystem, Item, Read, Write } from '../registry/ecosystem.ts';
import type { VersionOf } from './expected.ts';
import { factsOf } from './facts.ts';
import { goForesight } from './foresight.ts';
import { guides } from './guides.ts';
import { readInfo } from './info.ts';
import { addressOf, itemAt, types } from './item.ts';
import { objectionToModule } from './module-path.ts';
import { goPathOf, readGoPath } from './path.ts';
import { receive } from './publish.ts';
import { pull } from './pull.ts';
import { serve } from './serve.ts';
import { versions } from './version.ts';

export interface GoOptions {
  /** Checksum database that versions are compared with, asked through the upstreams: `sum.golang.org`; `null`: none. */
  readonly database: string | null;
}

export function go({ database }: GoOptions): Ecosystem {
  return {
    id: 'go',
    title: 'Go',
    read,
    write,
    serve,
    receive,
    guides,
    order: versions,
    advisories: 'Go',
    pull: (item, at) => pull(item, database, at),
    canonical: (name) => name,
    error: (_, message) => ({ type: types.text, body: `${message}\n` }),
    // Whoever has a go.sum asks neither for lists nor for records of a checksum database.
    async needs({ name: module, version }) {
      // What takes part in the choice of versions alone has `/go.mod` behind it, as in go.sum.
      const [number = '', part] = version.split('/');
      const of = versionOf(module, number);
      if (of === null) return [];
      const files = part === 'go.mod' ? (['mod'] as const) : (['info', 'mod', 'zip'] as const);
      return files.map((each) => ({ path: `/${goPathOf({ of: each, ...of })}` }));
    },
    foresee,
    foresight: goForesight(database),
    facts: async (module, version, at) => {
      const of = versionOf(module, version);
      return of === null ? null : factsOf(of, at);
    },
    describe: ({ meta: { requires } }) => (typeof requires === 'number' ? { dependencies: requires } : {}),
  };
}

/** `null`: no module is called so, or has such a version. */
function versionOf(module: string, version: string): VersionOf | null {
  const isThere = objectionToModule(module) === null && versions.isVersion(version);
  return isThere ? { module, version: versions.canonical(version) } : null;
}

function read(path: string): Read {
  const address = readGoPath(path);
  if ('malformed' in address) return { as: 'malformed', why: address.malformed };
  if ('absent' in address) return { as: 'absent', why: address.absent };
  if (address.of === 'source')
    return { as: 'absent', why: 'What a module was made of is not kept: only its .zip is.' };
  return { as: 'item', item: itemAt(address) };
}

function write(method: string, path: string): Write | null {
  const address = readGoPath(path);
  if ('malformed' in address) return { as: 'malformed', why: address.malformed };
  if (!('of' in address) || (address.of !== 'zip' && address.of !== 'source')) return null;
  const { of, module: name } = address;
  if (method === 'PUT') {
    return {
      as: 'change',
      what: of === 'zip' ? 'upload' : 'source',
      action: 'publish',
      name,
      bringsBlob: true,
    };
  }
  if (method !== 'DELETE' || of !== 'zip') return null;
  return { as: 'change', what: 'remove', action: 'delete', name, bringsBlob: false };
}

/** Whoever has asked about a version reads its go.mod, and then all of it; of whichever is the latest, the same. */
function foresee(item: Item, body: Uint8Array): readonly Item[] {
  const address = addressOf(item);
  if (address === null || !('module' in address)) return [];
  const { module } = address;
  const next = (of: 'mod' | 'zip', version: string) => itemAt({ of, module, version });
  switch (address.of) {
    case 'info':
      return [next('mod', address.version), next('zip', address.version)];
    case 'query':
    case 'latest':
      return [next('mod', readInfo(body, module).version)];
    default:
      return [];
  }
}
