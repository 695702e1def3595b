/**
 * Whether the nodes' stores make sense: an entry fits into its store, and no two nodes share a folder.
 */
import { resolve } from 'node:path';
import type { Mistake } from '../mistake.ts';
import type { ParsedNode } from '../schema.ts';
import type { Draft } from './draft.ts';
import { differentMachines, onSameMachine } from './machine.ts';

export function checkStorage(draft: Draft): Mistake[] {
  const bounds = [...draft.nodes].flatMap(([name, node]) => checkBounds(name, node));
  const stores = [...draft.nodes].flatMap(([name, node]) => checkStore(name, node));
  return [...bounds, ...checkFolders(draft), ...stores];
}

/** Only origins keep anything for good, and each half of it has one engine. */
function checkStore(name: string, { role, store }: ParsedNode): Mistake[] {
  if (store === undefined) return [];
  const path = `nodes.${name}.store`;
  if (role !== 'origin')
    return [{ path, expected: 'nothing, because only an origin has one', found: `the store of a ${role}` }];
  const engines = (['blobs', 'metadata'] as const).flatMap((half) => {
    const engines = Object.keys(store[half]);
    if (engines.length < 2) return [];
    return [{ path: `${path}.${half}`, expected: 'one engine', found: engines.join(' and ') }];
  });
  return [...engines, ...checkEncryption(path, store)];
}

function checkEncryption(path: string, { blobs: { s3 } }: NonNullable<ParsedNode['store']>): Mistake[] {
  if (s3?.kmsKeyId === undefined || s3.encryption === 'aws:kms') return [];
  const found = s3.encryption === undefined ? 'nothing' : `'${s3.encryption}'`;
  const expected = "'aws:kms', because there is a `kmsKeyId`";
  return [{ path: `${path}.blobs.s3.encryption`, expected, found }];
}

function checkBounds(name: string, node: ParsedNode): Mistake[] {
  return (['memory', 'disk'] as const).flatMap((store) => {
    const bounds = node[store];
    if (bounds === false || bounds.objectBytes === undefined || bounds.objectBytes <= bounds.bytes) return [];
    const expected = `at most nodes.${name}.${store}.bytes, which is ${bounds.bytes}`;
    return [{ path: `nodes.${name}.${store}.objectBytes`, expected, found: String(bounds.objectBytes) }];
  });
}

/** Nodes that set `dataDir` themselves: the default folders are apart by name. */
function checkFolders({ nodes, configDir }: Draft): Mistake[] {
  const owners: { name: string; node: ParsedNode; folder: string }[] = [];
  const mistakes: Mistake[] = [];
  for (const [name, node] of nodes) {
    if (node.dataDir === undefined) continue;
    const folder = resolve(configDir, node.dataDir);
    const clash = owners.find((other) => other.folder === folder && onSameMachine(other.node, node));
    owners.push({ name, node, folder });
    if (clash === undefined) continue;
    const found = `${folder}, the folder of ${clash.name}`;
    mistakes.push({
      path: `nodes.${name}.dataDir`,
      expected: 'a folder of its own',
      found,
      hint: differentMachines,
    });
  }
  return mistakes;
}
