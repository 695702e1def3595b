/**
 * What a restore asks for next. A package leads to the list of versions of each that it needs, and to the lowest of them that fits. Manifests, by which
 * one finds out, are read at the origin, and asked for by no client. For which framework a project is built it does not say: taken for the newest that
 * came with the client.
 */
import { z } from 'zod';
import type { EcosystemForesight, Expanded, Item, Tree, Want } from '../registry/ecosystem.ts';
import { madeOf } from '../registry/made-of.ts';
import { flatItem, packageItem, readAddress } from './address.ts';
import { frameworkOf, groupFor } from './framework.ts';
import { isPackageId, lowerId, lowerVersion, manifestFile } from './name.ts';
import { type DependencyGroup, NuspecError, readNuspec } from './nuspec.ts';
import { lowestIn } from './range.ts';

/** Of manifests, and of lists of versions, of which it is remembered what they say. */
const mostBytes = 8 * 2 ** 20;
/** A project may be built for another framework, or have a later version by then. */
const likelihood = 0.85;

const listShape = z.object({ versions: z.array(z.string()) });

export function nugetForesight(): EcosystemForesight {
  const groupsOf = madeOf(readGroups, mostBytes);
  const listOf = madeOf(readList, mostBytes);

  async function versionFor({ name, range }: Want, tree: Tree): Promise<string | null> {
    const item = flatItem(name);
    const bytes = await tree.read(item);
    return bytes === null ? null : lowestIn(listOf(item.path, bytes), range);
  }

  return {
    begins({ kind, name, version }, headers) {
      const framework = frameworkOf(headers.get('user-agent'));
      return framework === null || kind !== 'package' || name === null || version === undefined
        ? null
        : { wants: [{ name, range: version, detail: 'has' }], about: { framework: String(framework) } };
    },

    async expand(want, tree): Promise<Expanded> {
      const isFirst = want.detail === 'has';
      const list = { item: flatItem(want.name), likelihood };
      const version = isFirst ? want.range : await versionFor(want, tree);
      if (version === null) return { items: [list], wants: [] };
      const items = isFirst ? [] : [list, { item: packageItem(want.name, version), likelihood }];
      const manifest = manifestOf(want.name, version);
      const bytes = manifest && (await tree.read(manifest));
      if (manifest === null || bytes === null) return { items, wants: [] };
      const group = groupFor(Number(tree.about.framework), groupsOf(manifest.path, bytes));
      const wants = (group?.dependencies ?? []).filter(({ id }) => isPackageId(id));
      return { items, wants: wants.map(({ id, range }) => ({ name: lowerId(id), range })) };
    },
  };
}

function manifestOf(id: string, version: string): Item | null {
  const read = readAddress(`/v3/flat/${id}/${version}/${manifestFile(id)}`, '');
  return read.as === 'item' ? read.item : null;
}

function readGroups(bytes: Uint8Array): readonly DependencyGroup[] {
  try {
    return readNuspec(bytes).groups;
  } catch (error) {
    // Whoever installs it hears what is wrong with its manifest.
    if (error instanceof NuspecError) return [];
    throw error;
  }
}

function readList(bytes: Uint8Array): readonly string[] {
  const { versions } = listShape.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return versions.flatMap((version) => lowerVersion(version) ?? []);
}
