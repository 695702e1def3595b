/**
 * The archive of a version: it lies whole on the origin's disk, and has been compared with what it must be, before its first byte goes to anybody.
 * So it comes with a digest that every tier compares.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { formatReprDigest } from '../../http/digest.ts';
import { chunksOf } from '../bodies.ts';
import { immutable } from '../kept-for.ts';
import { etagOf } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { pullFirst } from '../registry/file.ts';
import type { Source } from '../registry/sources.ts';
import { askUpstream, passError, type Reply } from '../registry/upstream.ts';
import { filesIn, hashOfFiles } from './archive.ts';
import { BadArchive } from './bad-archive.ts';
import { type VersionOf, verify } from './expected.ts';
import { types } from './item.ts';
import { refusalOf } from './judged.ts';
import { moduleBounds, objectionToModuleZip } from './module-files.ts';
import { type Spooled, withSpooled } from './spooled.ts';

/** @param database the one that it is compared with; `null`: none. */
export async function pullZip(
  item: Item,
  of: VersionOf,
  database: string | null,
  at: Pulling,
): Promise<Answer> {
  const refusal = await refusalOf(of, item, at);
  if (refusal !== null) return refusal;
  const { registry } = at;
  return pullFirst(registry.sources.of(item.name), item, at, async (source) => {
    const reply = await askUpstream(source, `/${item.path}`, {}, at);
    if (reply.status !== 200) return passError(reply, item.path, registry);
    const spooled = withSpooled(whole(reply, source), moduleBounds.total, (each) =>
      checked(each, of, database, at),
    );
    return spooled.catch((error) => {
      throw error instanceof BadArchive ? noModule(of, error) : error;
    });
  });
}

async function checked(
  spooled: Spooled,
  of: VersionOf,
  database: string | null,
  at: Pulling,
): Promise<Answer> {
  await verify(await hashOf(spooled, of), 'zip', of, database, at);
  const digest = { algorithm: 'sha256', value: spooled.sha256 } as const;
  const headers = new Headers({
    'cache-control': immutable,
    'content-type': types.zip,
    'content-length': String(spooled.sizeBytes),
    etag: etagOf(digest),
    'repr-digest': formatReprDigest(digest),
  });
  if (at.ask.stored?.etag === headers.get('etag')) return { status: 304, headers, body: null };
  return { status: 200, headers, body: at.ask.exchange.method === 'HEAD' ? null : spooled.stream() };
}

async function hashOf(spooled: Spooled, { module, version }: VersionOf): Promise<string> {
  const files = await filesIn(spooled);
  const objection = objectionToModuleZip(files, `${module}@${version}/`);
  if (objection !== null) throw new BadArchive(objection);
  return hashOfFiles(files);
}

function noModule({ module, version }: VersionOf, cause: BadArchive): MeridianError {
  const detail = `The zip of ${module}@${version} is none of a module. ${cause.message}`;
  return new MeridianError('upstream-invalid', detail, { cause });
}

/** As many bytes as were announced. */
async function* whole(
  { headers, body }: Reply,
  { name }: Source,
): AsyncGenerator<Uint8Array, void, undefined> {
  const announced = Number(headers.get('content-length') ?? Number.NaN);
  let arrived = 0;
  try {
    for await (const chunk of chunksOf(body)) {
      arrived += chunk.byteLength;
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof MeridianError) throw cause;
    throw brokenOff(name, cause);
  }
  if (arrived < announced) {
    throw new MeridianError('upstream-truncated', `${name}: ${arrived} of ${announced} bytes arrived.`);
  }
}

function brokenOff(name: string, cause: unknown): MeridianError {
  return new MeridianError('upstream-truncated', `${name}: the answer broke off.`, { cause });
}
