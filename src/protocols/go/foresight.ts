/**
 * What the go command asks for next. Of a module that it takes up by name (`go install`, `go get`), go.mod files tell the whole build list, by minimal
 * version selection (go.dev/ref/mod#minimal-version-selection). Who has a go.mod of his own has chosen already: of each module that he asks for, the
 * other files of it follow, and what is needed beside it he may have chosen higher.
 */
import type { Doing } from '../../foresight.ts';
import type {
  Beginning,
  EcosystemForesight,
  Expanded,
  ForeseenItem,
  Item,
  Tree,
  Want,
} from '../registry/ecosystem.ts';
import { readInfo } from './info.ts';
import { addressOf, itemAt } from './item.ts';
import { versionsIn } from './list.ts';
import { latestOf } from './module-version.ts';
import { type GoMod, type Required, readGoMod } from './requirements.ts';
import { versions } from './version.ts';

/**
 * What a want is about, as its detail:
 * - `all`: everything for a build of it, from its index on; `taken`: the same, and the version is known;
 * - `newest`: whether there is a newer one, or one that is retracted, is looked up;
 * - `mod`, `info`, `zip`: that has been asked for by somebody who has a go.mod;
 * - `graph`: its go.mod has been asked for, as a part of the graph; `.graph`: it is going to be.
 */
type Detail = 'all' | 'taken' | 'newest' | 'mod' | 'info' | 'zip' | 'graph' | '.graph';

/** Of what somebody else requires: he who builds may have chosen a higher version, and needs not all of it. */
const sure = {
  direct: 0.85,
  indirect: 0.8,
  beside: 0.6,
  besideIndirect: 0.5,
  old: 0.5,
  isRead: 0.85,
} as const;

export function goForesight(database: string | null): EcosystemForesight {
  return {
    begins: (item, _, doing) => begins(item, doing, database),
    expand: (want, tree) => expand(want, tree, database),
    ends: (tree) => ends(tree, database),
  };
}

function begins(item: Item, doing: Doing, database: string | null): Beginning | null {
  const address = addressOf(item);
  if (address === null || !('module' in address)) return null;
  const { module: name } = address;
  // Whoever looks up hashes has no go.sum, or not all of it.
  const isProved = database === null || doing.asked('lookup') === 0;
  const about: Readonly<Record<string, string>> = isProved ? {} : { sum: 'yes' };
  const begin = (detail: Detail, range = '') => ({ about, wants: [{ name, range, detail }] });
  const isFirst = doing.asked('mod') + doing.asked('zip') + doing.asked('info') === 0;
  /** By name, and not by a go.mod: what that leads to is foreseen by its first request. */
  const isByName = doing.asked('list') + doing.asked('latest') > 0;
  switch (address.of) {
    case 'list':
    case 'latest':
      return begin(isFirst ? 'all' : 'newest');
    case 'info':
      if (isFirst) return begin('taken', address.version);
      return isByName ? null : begin('info', address.version);
    case 'mod':
      // Versions are looked up first by whoever reads the graph of what he takes up by name.
      return begin(doing.asked('info') === 0 ? 'mod' : 'graph', address.version);
    case 'zip':
      return doing.asked('info') === 0 ? begin('zip', address.version) : null;
    default:
      return null;
  }
}

/** What a module has, of which one has been asked for. */
type File = 'mod' | 'info' | 'zip';

interface Build {
  readonly main: Want;
  /** The highest version that anything requires, and how sure it is that it is built. */
  readonly selected: Map<string, { readonly version: string; readonly likelihood: number }>;
}

const buildNote = 'build';

async function expand(want: Want, tree: Tree, database: string | null): Promise<Expanded> {
  const { name: module, range: version } = want;
  const file = (of: File, likelihood = 1) => fileOf(module, version, of, likelihood);
  switch (want.detail as Detail) {
    case 'all':
    case 'newest':
      return ofNewest(want, tree);
    case 'taken':
      return ofMain(want, tree, database);
    case 'info':
      return { items: [file('zip'), file('mod')], wants: [] };
    case 'graph':
    case 'mod':
      return ofMod(want, tree, database);
    case 'zip':
      return ofZip(want, tree, database);
    case '.graph': {
      const { requires } = await readMod(module, version, tree);
      for (const each of requires) select(each, each.isIndirect ? sure.indirect : sure.direct, tree);
      return { items: [file('mod'), ...summed(want, tree, database)], wants: graphOf(requires) };
    }
    default:
      return { items: [], wants: [] };
  }
}

/** Which version is the newest, a list says; of a module without releases, `@latest` does. */
async function ofNewest({ name: module, detail }: Want, tree: Tree): Promise<Expanded> {
  const list = await tree.read(itemAt({ of: 'list', module }));
  const listed = latestOf(list === null ? [] : versionsIn(list));
  const latest = itemAt({ of: 'latest', module });
  const bytes = listed === null ? await tree.read(latest) : null;
  const version = listed ?? (bytes && readInfo(bytes, module).version);
  if (version === null) return { items: [], wants: [] };
  const looked = listed === null ? { item: latest } : fileOf(module, version, 'info');
  if (detail === 'newest') return { items: [looked, fileOf(module, version, 'mod')], wants: [] };
  return { items: [looked], wants: [{ name: module, range: version, detail: 'taken' }] };
}

/** A module that is built for its own sake. */
async function ofMain(want: Want, tree: Tree, database: string | null): Promise<Expanded> {
  const { name: module, range: version } = want;
  const { requires, isPruned } = await readMod(module, version, tree);
  tree.notes.set(buildNote, { main: want, selected: new Map() } satisfies Build);
  for (const each of requires) select(each, each.isIndirect ? sure.indirect : sure.direct, tree);
  const supported = { of: 'sumdb', what: 'supported', path: 'supported' } as const;
  const items = [
    fileOf(module, version, 'mod'),
    ...(database === null ? [] : [{ item: itemAt({ ...supported, database }) }]),
    ...[...lookup(want, tree, database), fileOf(module, version, 'zip')],
  ];
  return { items, wants: isPruned ? [] : graphOf(requires) };
}

/** The graph is being read: of what does not say all that it needs, all that is required is read as well. */
async function ofMod(want: Want, tree: Tree, database: string | null): Promise<Expanded> {
  const { name: module, range: version } = want;
  const { requires, isPruned } = await readMod(module, version, tree);
  const likelihood = isPruned ? sure.isRead : sure.old;
  const own = [
    ...info(want, tree, likelihood),
    ...(want.detail === 'mod' ? [fileOf(module, version, 'zip', likelihood)] : []),
  ];
  return { items: [...summed(want, tree, database), ...own], wants: isPruned ? [] : graphOf(requires) };
}

/** Packages are being loaded: those of what this one imports follow. */
async function ofZip(want: Want, tree: Tree, database: string | null): Promise<Expanded> {
  const { name: module, range: version } = want;
  const { requires } = await readMod(module, version, tree);
  const own = [...summed(want, tree, database), fileOf(module, version, 'mod'), ...info(want, tree)];
  // Their other files follow when they have been asked for.
  const beside = requires.flatMap((each) => {
    const likelihood = each.isIndirect ? sure.besideIndirect : sure.beside;
    const other = { name: each.module, range: each.version };
    return [
      fileOf(each.module, each.version, 'zip', likelihood),
      ...summed(other, tree, database, likelihood),
    ];
  });
  return { items: [...own, ...beside], wants: [] };
}

/** Whoever has no go.sum yet is making one, and asks for no more than that takes; a build asks when each version is of. */
function info({ name, range, detail }: Want, { about }: Tree, likelihood = 1): readonly ForeseenItem[] {
  const isAsked = about['sum'] !== 'yes' && (detail === 'mod' || detail === 'zip');
  return isAsked ? [fileOf(name, range, 'info', likelihood)] : [];
}

async function ends(tree: Tree, database: string | null): Promise<readonly ForeseenItem[]> {
  const build = tree.notes.get(buildNote) as Build | undefined;
  if (build === undefined) return [];
  const files: ForeseenItem[] = [];
  for (const [module, { version, likelihood }] of build.selected) {
    if (!(await tree.rest())) break;
    if (module === build.main.name) continue;
    files.push(
      fileOf(module, version, 'zip', likelihood),
      ...lookup({ name: module, range: version }, tree, database, likelihood),
      ...[fileOf(module, version, 'mod', likelihood), fileOf(module, version, 'info', likelihood)],
    );
  }
  return files;
}

function select({ module, version }: Required, likelihood: number, tree: Tree): void {
  const selected = (tree.notes.get(buildNote) as Build | undefined)?.selected;
  const known = selected?.get(module);
  if (known !== undefined && versions.compare(known.version, version) >= 0) return;
  selected?.set(module, { version, likelihood: Math.max(likelihood, known?.likelihood ?? 0) });
}

function graphOf(requires: readonly Required[]): readonly Want[] {
  return requires.map(({ module, version }) => ({ name: module, range: version, detail: '.graph' }));
}

async function readMod(module: string, version: string, tree: Tree): Promise<GoMod> {
  const bytes = await tree.read(itemAt({ of: 'mod', module, version }));
  return bytes === null ? { requires: [], isPruned: true } : readGoMod(new TextDecoder().decode(bytes));
}

function fileOf(module: string, version: string, of: File, likelihood = 1): ForeseenItem {
  return { item: itemAt({ of, module, version }), ...(likelihood < 1 && { likelihood }) };
}

/** The record of a checksum database, for whoever has begun without a go.sum. Of what lives here there is none. */
function lookup(
  { name: module, range: version }: Want,
  { registry }: Tree,
  database: string | null,
  likelihood = 1,
): readonly ForeseenItem[] {
  if (database === null || registry.livesHere(module)) return [];
  const item = itemAt({ of: 'lookup', database, module, version });
  return [{ item, ...(likelihood < 1 && { likelihood }) }];
}

function summed(want: Want, tree: Tree, database: string | null, likelihood = 1): readonly ForeseenItem[] {
  const isWanted = tree.about['sum'] === 'yes' || tree.notes.has(buildNote);
  return isWanted ? lookup(want, tree, database, likelihood) : [];
}
