/**
 * Security advisories for a list of installed packages: `POST /-/npm/v1/security/advisories/bulk` with
 * `{ name: [versions] }`, usually gzip. The list comes out of a lock file, private packages and all, so the
 * origin reads it and asks the default remote about public names only. Nobody is asked about the others:
 * they are reported as free of known advisories, which is all that a registry can say of them.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { chunksOf } from '../bodies.ts';
import { withoutHosted } from './hosted/claims.ts';
import type { NpmOrigin } from './origin.ts';
import { isPackageName } from './path.ts';
import { passOn } from './pull-registry.ts';
import { acceptingJson, passError } from './upstream.ts';

/** The list as it is sent; one of 10,000 packages has about 300 kB before compression. */
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 8 * 1024 * 1024;

const installedSchema = z.record(z.string(), z.array(z.string()));

export async function pullAdvisories(npm: NpmOrigin, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const installed = await readInstalled(ask);
  const known = await publicOnly(installed, npm, origin);
  const remote = npm.hosted === null ? npm.remotes.fallback() : npm.remotes.default;
  if (remote === null || Object.keys(known).length === 0) return noAdvisories();

  const headers = acceptingJson();
  headers.set('content-type', 'application/json');
  const url = `${remote.url}/-/npm/v1/security/advisories/bulk`;
  const body = new TextEncoder().encode(JSON.stringify(known));
  const answer = await origin.fetch(remote, url, { method: 'POST', headers, body, signal: ask.signal });
  return answer.status === 200 ? passOn(answer) : passError(answer, 'security advisories');
}

async function publicOnly(
  installed: Map<string, string[]>,
  { hosted, remotes }: NpmOrigin,
  origin: OriginDoor,
): Promise<Record<string, string[]>> {
  const known = [...installed].filter(([name]) => isPackageName(name) && remotes.isPublic(name));
  const names = known.map(([name]) => name);
  const free = hosted === null ? new Set(names) : await withoutHosted(hosted, names, origin);
  return Object.fromEntries(known.filter(([name]) => free.has(name)));
}

async function readInstalled({ exchange }: Ask): Promise<Map<string, string[]>> {
  const packed = await readBody(exchange.body());
  const bytes = await unpack(packed, exchange.headers.get('content-encoding'));
  const parsed = installedSchema.safeParse(parseJson(bytes));
  if (parsed.success) return new Map(Object.entries(parsed.data));
  throw malformed('The body has to be a JSON object of package names with lists of versions.');
}

async function readBody(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(body)) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) {
      throw new MeridianError('body-too-large', `A list of packages may have ${MAX_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function unpack(bytes: Uint8Array, encoding: string | null): Promise<Uint8Array> {
  if (encoding === null || encoding === 'identity') return bytes;
  if (encoding !== 'gzip') {
    throw malformed('The body may be gzip or not encoded, nothing else.');
  }
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (cause) {
    const detail = `The body is not valid gzip, or has more than ${MAX_UNPACKED_BYTES} bytes once it is unpacked.`;
    throw malformed(detail, cause);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw malformed('The body is not JSON.', cause);
  }
}

function malformed(detail: string, cause?: unknown): MeridianError {
  return new MeridianError('request-malformed', detail, { cause });
}

function noAdvisories(): Answer {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  return { status: 200, headers, body: new TextEncoder().encode('{}') };
}
