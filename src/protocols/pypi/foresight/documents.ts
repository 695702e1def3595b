/** Documents that trees are made of: read through the origin's cache, parsed once, and remembered for as long as they fit. */
import type { Tree } from '../../registry/ecosystem.ts';
import { NotAnIndex } from '../index/page.ts';
import { readJsonPage } from '../index/read-json.ts';
import { storedFiles } from '../index/stored.ts';
import { fileItem, indexItem, metadataItem, source } from '../path.ts';
import type { Candidate } from './candidates.ts';
import { type Page, pageOf } from './page.ts';
import { type Requirement, readRequirement } from './requirement.ts';
import { metadataIn, mostWheelBytes } from './wheel-metadata.ts';

export interface Documents {
  /** `null`: there is none that could be read. */
  page(project: string, tree: Tree): Promise<Page | null>;
  /** What a wheel needs. `null`: nothing says. */
  needs(candidate: Candidate, tree: Tree): Promise<readonly Requirement[] | null>;
}

export interface Memory {
  readonly pageBytes: number;
  readonly metadata: number;
}

/** The indexes of some thousand projects; requirements of more versions than are in use at a time. */
const usual: Memory = { pageBytes: 48 * 2 ** 20, metadata: 20_000 };
/** Addresses in what is read here are of nobody else's concern. */
const nowhere = 'http://index.invalid/simple/project/';
const mostRequirements = 2_000;

interface KnownPage {
  readonly hash: bigint | number;
  readonly page: Page;
}

export function openDocuments({ pageBytes, metadata: mostMetadata }: Memory = usual): Documents {
  const pages = new Map<string, KnownPage>();
  const requirements = new Map<string, readonly Requirement[]>();
  let weight = 0;

  function forget(key: string): void {
    weight -= pages.get(key)?.page.weight ?? 0;
    pages.delete(key);
  }

  function keep(key: string, known: KnownPage): void {
    forget(key);
    pages.set(key, known);
    weight += known.page.weight;
    for (const oldest of pages.keys()) {
      if (weight <= pageBytes) break;
      forget(oldest);
    }
  }

  return {
    async page(project, tree) {
      const isOwn = tree.registry.livesHere(project);
      const bytes = await tree.read(indexItem(project, isOwn ? 'json' : source));
      if (bytes === null) return null;
      const key = `${tree.registry.route} ${project}`;
      const hash = Bun.hash(bytes);
      const known = pages.get(key);
      if (known?.hash === hash) {
        pages.delete(key);
        pages.set(key, known);
        return known.page;
      }
      const files = isOwn ? filesIn(project, bytes) : storedFiles(bytes);
      const page = await pageOf(files, bytes.byteLength, tree.rest);
      keep(key, { hash, page });
      return page;
    },

    async needs(candidate, tree) {
      const { project, file } = candidate;
      // What lives here may be taken away, and come again as another one.
      const isForGood = !tree.registry.livesHere(project);
      const key = `${tree.registry.route} ${project}/${file.name}`;
      const known = isForGood ? requirements.get(key) : undefined;
      if (known !== undefined) return known;
      const bytes = await metadataOf(candidate, tree);
      if (bytes === null) return null;
      const found = requirementsIn(bytes);
      if (!isForGood) return found;
      requirements.set(key, found);
      if (requirements.size > mostMetadata) requirements.delete(requirements.keys().next().value ?? key);
      return found;
    },
  };
}

/** Where an index does not offer them apart, clients read the wheel itself, and so does this. */
async function metadataOf({ project, text, file }: Candidate, tree: Tree): Promise<Uint8Array | null> {
  if (file.hasMetadata) return tree.read(metadataItem(project, file.name, text));
  if ((file.sizeBytes ?? 0) > mostWheelBytes) return null;
  const wheel = await tree.read(fileItem(project, file.name, text), mostWheelBytes);
  return wheel && metadataIn(wheel);
}

function filesIn(project: string, bytes: Uint8Array) {
  try {
    return readJsonPage(project, bytes, nowhere).files;
  } catch (error) {
    if (error instanceof NotAnIndex) return [];
    throw error;
  }
}

/** Lines of `Requires-Dist` in the head of METADATA; what nobody understands is left out. */
function requirementsIn(bytes: Uint8Array): readonly Requirement[] {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf('\n\n');
  const head = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  const lines = head.replaceAll('\r\n', '\n').split('\n\n', 1)[0] ?? '';
  return [...lines.matchAll(/^requires-dist:(.*(?:\n[ \t].*)*)/gim)]
    .slice(0, mostRequirements)
    .flatMap(([, line = '']) => readRequirement(line.replaceAll(/\s*\n\s*/g, ' ')) ?? []);
}
