/**
 * Takes an upload of one file, as twine and uv send it (docs.pypi.org/api/upload): a form with what the file is, its digests, and the file. What it is,
 * the file itself has to say as well.
 */
import { z } from 'zod';
import type { Answer } from '../../../entry.ts';
import { ownAnswer } from '../../registry/answers.ts';
import type { Changing } from '../../registry/ecosystem.ts';
import { authorise, homeOf } from '../../registry/hosted/authorise.ts';
import { type Held, type Hold, withBlobs } from '../../registry/hosted/blob.ts';
import { findVersion } from '../../registry/hosted/find.ts';
import { type Fields, readMultipart } from '../../registry/hosted/multipart.ts';
import { publish } from '../../registry/hosted/publish.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { type FileName, isProjectName, normalise, projectOf, readFileName } from '../names.ts';
import { sidecar } from '../path.ts';
import { versions } from '../version.ts';
import { type Inspected, inspect } from './inspect.ts';
import { type FileMeta, versionMeta } from './meta.ts';
import { spellingsOf } from './spelling.ts';

/** A description may be long. */
const maxFieldBytes = 8 * 1024 ** 2;

interface Content {
  /** As the client calls it. */
  readonly name: string;
  readonly held: Held;
  /** BLAKE2b-256, hexadecimal. */
  readonly blake2: string;
}

export async function upload(at: Changing): Promise<Answer> {
  return withBlobs(at, async (hold) => {
    let content: Content | null = null;
    const fields = await readMultipart(at, {
      maxFieldBytes,
      async file({ field, fileName }, stream) {
        // A signature may stand beside it: nobody asks for those any more, and none is kept.
        if (field !== 'content') return;
        if (content !== null) throw new Refusal(400, 'The form has two files.');
        content = await takeIn(at, fileName, stream, hold);
      },
    });
    if (content === null) throw new Refusal(400, 'The form has no file (content).');
    return publishFile(at, fields, content, hold);
  });
}

/** By its name it is known who has to have the right to publish it, before its bytes are taken. */
async function takeIn(
  at: Changing,
  name: string,
  stream: ReadableStream<Uint8Array>,
  hold: Hold,
): Promise<Content> {
  const project = projectOf(name);
  if (project === null)
    throw new Refusal(400, `${JSON.stringify(name.slice(0, 200))} is no name of a wheel or of an sdist.`);
  authorise(at, 'publish', project);
  homeOf(at, project);
  const blake2 = new Bun.CryptoHasher('blake2b256');
  const watched = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      blake2.update(chunk);
      controller.enqueue(chunk);
    },
  });
  const held = await hold(stream.pipeThrough(watched), { hash: ['md5'] });
  return { name, held, blake2: blake2.digest('hex') };
}

const form = z.object({
  ':action': z.literal('file_upload', { error: 'is not file_upload' }),
  protocol_version: z.literal('1', { error: 'is not 1' }).optional(),
  name: z.string({ error: 'is missing' }).refine(isProjectName, 'is no name of a project'),
  version: z.string({ error: 'is missing' }).refine(versions.isVersion, 'is no version (PEP 440)'),
  filetype: z.enum(['bdist_wheel', 'sdist'], { error: 'is neither bdist_wheel nor sdist' }),
  md5_digest: z.string().optional(),
  sha256_digest: z.string().optional(),
  blake2_256_digest: z.string().optional(),
});

type Form = z.output<typeof form>;

function readForm(fields: Fields): Form {
  const said = Object.fromEntries([...fields].map(([name, [first]]) => [name, first]));
  const parsed = form.safeParse(said);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal(400, `The form's ${issue?.path.join('.')} ${issue?.message}.`);
}

async function publishFile(at: Changing, fields: Fields, content: Content, hold: Hold): Promise<Answer> {
  const said = readForm(fields);
  const name = normalise(said.name);
  const file = fileSaid(said, name, content.name);
  compareDigests(said, content);
  const inspected = await inspect(name, file, content.held);
  const spellings = spellingsOf(said.version);
  const version = (await firstThere(at, name, spellings)) ?? spellings[0] ?? said.version;
  const files = await filesOf(content, inspected, hold);
  const meta = versionMeta(inspected.metadata);
  try {
    await publish(at, { name, version, files, meta, onExisting: 'add' });
  } catch (error) {
    throw asExisting(error);
  }
  return ownAnswer(200, 'text/plain; charset=utf-8', `${content.name} is published.\n`);
}

/** In these words clients know that it is there (`twine upload --skip-existing`). */
function asExisting(error: unknown): unknown {
  if (!(error instanceof Refusal && error.status === 409)) return error;
  return new Refusal(400, `File already exists. ${error.message}`, { cause: error });
}

/** What the form says the file is, which its name has to say as well. */
function fileSaid({ version, filetype }: Form, project: string, fileName: string): FileName {
  const file = readFileName(project, fileName);
  if (file === null)
    throw new Refusal(
      400,
      `${fileName} is no name of a wheel or an sdist of ${project}, as the form says it is.`,
    );
  if (versions.compare(file.version, version) !== 0)
    throw new Refusal(400, `The form says version ${version}, the name of the file ${file.version}.`);
  if (file.kind !== (filetype === 'sdist' ? 'sdist' : 'wheel'))
    throw new Refusal(400, `The form says that ${fileName} is ${filetype}.`);
  if (file.kind === 'sdist' && !fileName.endsWith('.tar.gz'))
    throw new Refusal(400, 'An sdist is a .tar.gz (PEP 625).');
  return file;
}

function compareDigests(said: Form, { held: { sha256, hashes }, blake2 }: Content): void {
  const all = [
    ['sha256_digest', said.sha256_digest, sha256],
    ['blake2_256_digest', said.blake2_256_digest, blake2],
    ['md5_digest', said.md5_digest, hashes.md5],
  ] as const;
  const stated = all.filter(([, digest]) => digest !== undefined && digest !== '');
  if (stated.length === 0) throw new Refusal(400, 'The form has no digest of the file.');
  const wrong = stated.find(([, digest, found]) => digest?.toLowerCase() !== found);
  if (wrong !== undefined)
    throw new Refusal(400, `The file is not what the form says: its ${wrong[0]} is ${wrong[2]}.`);
}

async function firstThere(at: Changing, name: string, spellings: readonly string[]): Promise<string | null> {
  for (const spelling of spellings) if ((await findVersion(at, name, spelling)) !== null) return spelling;
  return null;
}

async function filesOf({ name, held }: Content, { metadata, sidecar: bytes }: Inspected, hold: Hold) {
  const { requiresPython } = metadata;
  const alone: FileMeta = { requiresPython, metadata: null };
  if (bytes === null) return [{ name, held, meta: alone }];
  const beside = await hold(bytes);
  const meta: FileMeta = { requiresPython, metadata: beside.sha256 };
  return [
    { name, held, meta },
    { name: name + sidecar, held: beside, meta: alone },
  ];
}
