/**
 * Changes of what lives here, for which package indexes have no interface that clients know: withdrawn and offered again (PEP 592), taken away.
 */
import { z } from 'zod';
import type { Answer } from '../../../entry.ts';
import { chunksOf } from '../../bodies.ts';
import { ownAnswer } from '../../registry/answers.ts';
import type { Changing } from '../../registry/ecosystem.ts';
import { amend } from '../../registry/hosted/amend.ts';
import { findFile, findVersion } from '../../registry/hosted/find.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { remove } from '../../registry/hosted/remove.ts';
import { type Subject, sidecar, subjectIn } from '../path.ts';
import { spellingsOf } from './spelling.ts';

const bodyBytes = 8 * 1024;
const longestReason = 1_000;

/** Clients show it in one line. */
const reason = z
  .string()
  .max(longestReason)
  .refine((text) => !/\p{Cc}/u.test(text), 'has line breaks or control characters');

export async function setYanked(at: Changing): Promise<Answer> {
  const subject = subjectIn('POST', at.path);
  const isYank = subject.verb === 'yank';
  const yanked = isYank ? await readReason(at) : null;
  const version = await versionIn(subject, at);
  const { project: name } = subject;
  await amend(
    at,
    { name, version, action: subject.verb ?? 'yank', detail: { ...(yanked !== null && { reason: yanked }) } },
    (before) => (before.yanked === yanked ? before : { ...before, yanked }),
  );
  const done = isYank ? `is withdrawn: only who asks for ${version} itself gets it` : 'is offered again';
  return ownAnswer(200, 'text/plain; charset=utf-8', `${name} ${version} ${done}.\n`);
}

/** `{"reason": "…"}`, or no body. */
async function readReason({ ask }: Changing): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(ask.exchange.body(bodyBytes))) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8').trim();
  if (text === '') return '';
  const parsed = z.object({ reason }).safeParse(jsonIn(text));
  if (parsed.success) return parsed.data.reason;
  throw new Refusal(
    400,
    `The body is no {"reason": "…"} in one line of at most ${longestReason} characters, as JSON.`,
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The schema refuses it, in a sentence.
  }
}

export async function takeAway(at: Changing): Promise<Answer> {
  const subject = subjectIn('DELETE', at.path);
  const { project: name, file } = subject;
  const version = subject.version === null ? null : await versionIn(subject, at);
  if (version !== null && file !== null) {
    const beside = `${file}${sidecar}`;
    const isThere = (await findFile(at, name, file, version)) !== null;
    if (isThere && (await findFile(at, name, beside, version)) !== null)
      await remove(at, { name, version, file: beside, action: 'remove-metadata' });
  }
  await remove(at, { name, version, file });
  const what = [name, version, file].filter((part) => part !== null).join(' ');
  return ownAnswer(200, 'text/plain; charset=utf-8', `${what} is gone.\n`);
}

/** As it was spelt when it was published. */
async function versionIn({ project, version }: Subject, at: Changing): Promise<string> {
  const spellings = version === null ? [] : spellingsOf(version);
  for (const spelling of spellings) if ((await findVersion(at, project, spelling)) !== null) return spelling;
  return spellings[0] ?? '';
}
