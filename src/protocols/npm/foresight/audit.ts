/**
 * npm asks for advisories about all that it is about to install, just before it fetches it, with or without a lock file: what it says there is what
 * it fetches, but for what it knows to be for other platforms, and what is installed already. It lists packages as they stand in its tree, and fetches
 * the last of them first.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import type { Exchange } from '../../../exchange.ts';
import type { Foreseen, TellingBody } from '../../../foresight.ts';
import { parsedJson } from '../../../http/json.ts';
import type { Named } from '../../../resource.ts';
import { isPackageName, isVersion } from '../path.ts';
import { conventionalFile } from './choices.ts';
import { type Client, clientOf } from './client.ts';
import { isForOthers } from './platform.ts';

/** As it is sent; one of 10,000 packages has about 100 kB. */
const maxBytes = 512 * 1024;
const maxUnpackedBytes = 1024 * 1024;
const mostPackages = 8_000;

/** `ci` begins with an empty folder; others may have most of it. */
const likelihoodOfInstall = 0.85;

const installed = z.record(z.string(), z.array(z.string()));
const unpacked = promisify(gunzip);

export function tellingBody(prefix: string, named: Named, { headers }: Exchange): TellingBody | null {
  if (named.as !== 'pass' || named.kind !== 'advisories') return null;
  const client = clientOf(headers);
  if (client === null) return null;
  const isWhole = headers.get('npm-command') === 'ci';
  const coding = headers.get('content-encoding');
  return {
    maxBytes,
    async read(body) {
      const text = await textOf(body, coding);
      const told = installed.safeParse(text === null ? null : parsedJson(text)).data ?? {};
      return tarballsOf(told, client, isWhole, prefix);
    },
  };
}

async function textOf(body: Uint8Array<ArrayBuffer>, coding: string | null): Promise<string | null> {
  try {
    const bytes = coding === 'gzip' ? await unpacked(body, { maxOutputLength: maxUnpackedBytes }) : body;
    return new TextDecoder().decode(bytes);
  } catch {
    return null; // Not gzip, or too much. The origin tells the client what is wrong with it.
  }
}

function tarballsOf(
  told: Readonly<Record<string, readonly string[]>>,
  { platform }: Client,
  isWhole: boolean,
  prefix: string,
): readonly Foreseen[] {
  const foreseen: Foreseen[] = [];
  for (const [name, versions] of Object.entries(told).reverse()) {
    if (!isPackageName(name) || isForOthers(name, platform)) continue;
    for (const version of versions) {
      if (!isVersion(version) || foreseen.length >= mostPackages) continue;
      const target = `${prefix}/${name}/-/${conventionalFile(name, version)}`;
      foreseen.push(isWhole ? { target } : { target, likelihood: likelihoodOfInstall });
    }
  }
  return foreseen;
}
