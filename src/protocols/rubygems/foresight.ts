/**
 * What Bundler and `gem` ask for next. Bundler reads the indexes of all gems that any version of any gem needs, level by level, then looks for
 * versions, and fetches these. `gem` reads what the versions need that fit, and fetches a specification and a gem of each. Both say what machine
 * they run on. Gems come leaves first, each when what it needs has been installed: they tell of nothing that is still to come.
 */
import type { EcosystemForesight, Expanded, ForeseenItem, Item, Tree, Want } from '../registry/ecosystem.ts';
import { likelyTaken, rounded } from '../registry/likelihood.ts';
import { madeOf } from '../registry/made-of.ts';
import { infoItem, readAddress } from './address.ts';
import { fullName, isGemName } from './file-name.ts';
import { readInfo } from './info.ts';
import { machineOf, suits } from './machine.ts';
import { meets } from './requirement.ts';
import { versions } from './version.ts';

/** What comes first is what a project itself needs. Most of what comes later is not installed, or not at its newest. */
const mostDirect = 24;
/** Of indexes of which it is remembered what they say. */
const mostBytes = 32 * 2 ** 20;
/** Times that versions are chosen anew by what the chosen ones need. */
const mostRounds = 8;

/** One build of a version. */
interface Row {
  readonly version: string;
  readonly platform: string;
  readonly needs: readonly Need[];
  /** `>= 2.7`; empty: any. */
  readonly ruby: string;
  readonly createdMs: number | null;
}

interface Need {
  readonly name: string;
  readonly requirement: string;
}

/** What is known of a tree: of each gem its builds, the newest version first. */
type Known = Map<string, readonly Row[]>;

export function gemForesight(): EcosystemForesight {
  const rowsOf = madeOf(readRows, mostBytes);
  const trees = new WeakMap<Tree, { readonly first: string; readonly known: Known }>();

  return {
    begins({ kind, name, path }, headers, doing) {
      const machine = machineOf(headers.get('user-agent'));
      // Of an index that it has, nothing is wanted but what is new.
      if (machine === null || name === null || headers.has('if-none-match')) return null;
      const { client, ...about } = machine;
      if (kind === 'gemspec' && client === 'gem')
        return {
          wants: [{ name, range: path.replace(/^.*\/(.+)\.gemspec\.rz$/, '$1') }],
          about: { client: 'file' },
        };
      if (kind !== 'info') return null;
      const isEarly = doing.asked('info') < mostDirect;
      return {
        wants: [{ name, range: '' }],
        about: { client, ...about, ...(!isEarly && { fetches: 'info' }) },
      };
    },

    async expand(want, tree) {
      if (tree.about.client === 'file') return { items: itemAt(`/gems/${want.range}.gem`), wants: [] };
      const of = trees.get(tree) ?? { first: want.name, known: new Map() };
      trees.set(tree, of);
      const item = infoItem(want.name);
      const bytes = await tree.read(item);
      if (bytes === null) return { items: [], wants: [] };
      const rows = rowsOf(item.path, bytes);
      of.known.set(want.name, rows);
      return tree.about.client === 'bundler' ? expandAll(rows) : expandFitting(rows, want, tree);
    },

    async ends(tree) {
      const of = trees.get(tree);
      if (of === undefined || tree.about.fetches === 'info') return [];
      const nowMs = tree.registry.clock.now();
      const files: ForeseenItem[] = [];
      for (const [name, row] of await choose(of.first, of.known, tree)) {
        if (!(await tree.rest())) break;
        const likelihood = rounded(likelyTaken(row.createdMs, nowMs));
        files.push(...filesOf(fullName({ name, ...row }), tree).map((item) => ({ item, likelihood })));
      }
      return files;
    },
  };
}

function filesOf(file: string, { about }: Tree): readonly Item[] {
  const gem = `/gems/${file}.gem`;
  const all = about.client === 'gem' ? [`/quick/Marshal.4.8/${file}.gemspec.rz`, gem] : [gem];
  return all.flatMap((path) => itemAt(path).map(({ item }) => item));
}

function itemAt(path: string): ForeseenItem[] {
  const read = readAddress(path, '');
  return read.as === 'item' ? [{ item: read.item }] : [];
}

function expandAll(rows: readonly Row[]): Expanded {
  const names = new Set(rows.flatMap(({ needs }) => needs.map(({ name }) => name)));
  return expanded([...names].map((name) => ({ name, range: '' })));
}

/** All builds of the version: only later does it choose one of them. */
function expandFitting(rows: readonly Row[], { range }: Want, tree: Tree): Expanded {
  const best = bestOf(rows, range === '' ? [] : [range], tree);
  const builds = rows.filter(({ version }) => version === best?.version);
  return expanded(
    builds.flatMap(({ needs }) => needs.map(({ name, requirement }) => ({ name, range: requirement }))),
  );
}

function expanded(wants: readonly Want[]): Expanded {
  return { items: wants.map(({ name }) => ({ item: infoItem(name) })), wants };
}

/** One version of each gem, that suits all others that are chosen, as far as there is time to find out. */
async function choose(first: string, known: Known, tree: Tree): Promise<ReadonlyMap<string, Row>> {
  let chosen = new Map<string, Row>();
  let wanted: ReadonlyMap<string, readonly string[]> = new Map();
  for (let round = 0; round < mostRounds; round++) {
    const before = chosen;
    const next = new Map<string, string[]>();
    chosen = new Map();
    const waiting = [first];
    for (const name of waiting) {
      if (!(await tree.rest())) return round === 0 ? chosen : before;
      const row = chosen.has(name) ? null : bestOf(known.get(name) ?? [], wanted.get(name) ?? [], tree);
      if (row === null) continue;
      chosen.set(name, row);
      for (const need of row.needs) {
        next.set(need.name, [...(next.get(need.name) ?? []), need.requirement]);
        waiting.push(need.name);
      }
    }
    wanted = next;
    if (chosen.size === before.size && [...chosen].every(([name, row]) => before.get(name) === row)) break;
  }
  return chosen;
}

function bestOf(rows: readonly Row[], requirements: readonly string[], { about }: Tree): Row | null {
  const machine = { cpu: about.cpu ?? '', os: about.os ?? '' };
  const mayBePrerelease = requirements.some((requirement) => /\d\.?[a-z]/i.test(requirement));
  let best: Row | null = null;
  for (const row of rows) {
    if (best !== null && row.version !== best.version) break;
    if (suits(row.platform, machine) <= (best === null ? 0 : suits(best.platform, machine))) continue;
    if (!mayBePrerelease && versions.isPrerelease(row.version)) continue;
    if (row.ruby !== '' && !meets(about.ruby ?? '0', row.ruby)) continue;
    if (requirements.every((requirement) => meets(row.version, requirement))) best = row;
  }
  return best;
}

function readRows(bytes: Uint8Array): readonly Row[] {
  const lines = readInfo(new TextDecoder().decode(bytes));
  return lines
    .map(({ version, platform, createdMs, text }) => {
      const [, needs = '', demands = ''] = /^\S+(?: ([^|]*)(?:\|(.*))?)?$/.exec(text) ?? [];
      const ruby = demands.split(',').find((demand) => demand.startsWith('ruby:'));
      return {
        ...{ version, platform, createdMs, ruby: ruby?.slice('ruby:'.length) ?? '' },
        needs: needs.split(',').flatMap((need): Need[] => {
          const colon = need.indexOf(':');
          const name = need.slice(0, Math.max(0, colon));
          return isGemName(name) ? [{ name, requirement: need.slice(colon + 1) }] : [];
        }),
      };
    })
    .sort((a, b) => versions.compare(b.version, a.version));
}
