/** What the policy says of one image, rule by rule: for `meridian policy explain`, the API and the console. */
import { z } from 'zod';
import { MeridianError } from '../../../errors.ts';
import { parsedJson } from '../../../http/json.ts';
import type { Ask } from '../../../parent.ts';
import type { Explanation, OriginDoor, PolicyDesk } from '../../../protocol.ts';
import { allowed, verdictOn } from '../../verdict.ts';
import { longestManifest } from '../answers.ts';
import { type Digest, readDigest } from '../digest.ts';
import { itemResource } from '../name.ts';
import { isName, isTag } from '../path.ts';
import { describe } from './describe.ts';
import type { Policy } from './policy.ts';

/** @param policy `null`: there is none. @param fullName `null`: no source has it, and nothing of that name lives here. */
export function policyDesk(
  policy: Policy | null,
  route: string,
  fullName: (name: string) => string | null,
): PolicyDesk {
  return {
    explain(subject, ask, door) {
      if (policy !== null) return explain(policy, route, fullName, subject, ask, door);
      return Promise.resolve({ ...allowed, subject, why: 'may be used: this route has no policy' });
    },
    terms: () => (policy === null ? [] : describe(policy.options)),
    refused: async () => (await policy?.refusals.list()) ?? [],
    sources: () => [],
  };
}

async function explain(
  policy: Policy,
  route: string,
  fullName: (name: string) => string | null,
  text: string,
  ask: Ask,
  door: OriginDoor,
): Promise<Explanation> {
  const { name: given, tag, digest: wanted } = imageIn(text);
  const name = fullName(given);
  const unknown = (why: string): Explanation => ({
    ...{ subject: text, verdict: 'unknown', why, untilMs: null, rules: [] },
  });
  if (name === null) return unknown('is at no source of this route, and does not live here');
  const subject = tag === null ? `${name}@${wanted}` : `${name}:${tag}`;
  const all = policy.onRepository(name);
  if (all !== null) return verdictOn(subject, [all]);
  const item =
    wanted === null
      ? ({ kind: 'tag', name, tag: tag ?? 'latest' } as const)
      : ({ kind: 'manifest', name, digest: wanted } as const);
  const read = await door.read(itemResource(route, item), { ...ask, reload: true }, longestManifest);
  const digest = wanted ?? digestIn(read);
  if (digest !== null) {
    const findings = await policy.findingsOn(name, tag, digest, ask, door);
    if (findings !== null) {
      if (findings.length > 0) return verdictOn(subject, findings);
      return { ...allowed, subject, why: 'is not what any rule of this route is about' };
    }
  }
  const told = messageIn(read.bytes);
  if (read.status === 403 && told !== null)
    return { ...unknown(told.message), subject, verdict: 'refused', rules: told.rules };
  return { ...unknown('is not there, or cannot be had now'), subject };
}

interface Image {
  readonly name: string;
  readonly tag: string | null;
  readonly digest: Digest | null;
}

/** `name:tag`, `name@digest`; without either, the tag that clients then take. */
function imageIn(text: string): Image {
  const at = text.indexOf('@');
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1);
  const image: Image =
    at >= 0
      ? { name: text.slice(0, at), tag: null, digest: readDigest(text.slice(at + 1)) }
      : colon >= 0
        ? { name: text.slice(0, colon), tag: text.slice(colon + 1), digest: null }
        : { name: text, tag: 'latest', digest: null };
  const isImage = isName(image.name) && (image.tag === null ? image.digest !== null : isTag(image.tag));
  if (isImage) return image;
  throw new MeridianError('request-malformed', `${text} is no image, such as docker.io/library/alpine:3`);
}

const refusal = z.object({
  errors: z.array(
    z.object({
      message: z.string(),
      detail: z.object({ rules: z.array(z.string()), digest: z.string().nullable() }),
    }),
  ),
});

function firstIn(bytes: Uint8Array) {
  return refusal.safeParse(parsedJson(new TextDecoder().decode(bytes))).data?.errors[0];
}

function digestIn({ status, headers, bytes }: Awaited<ReturnType<OriginDoor['read']>>): Digest | null {
  if (status === 200) return readDigest(headers.get('docker-content-digest') ?? '');
  return status === 403 ? readDigest(firstIn(bytes)?.detail.digest ?? '') : null;
}

function messageIn(bytes: Uint8Array) {
  const first = firstIn(bytes);
  if (first === undefined) return null;
  const rules = first.detail.rules.map((rule) => ({ rule, passes: false, why: first.message }));
  return { message: first.message, rules };
}
