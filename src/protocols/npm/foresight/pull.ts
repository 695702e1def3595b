/** At the origin: the choices of a package, made of its canonical document, and as new as that. */
import type { Answer } from '../../../entry.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { cacheControlOf } from '../../kept-for.ts';
import { sourceField } from '../../rendered.ts';
import { copyInPieces } from '../../turn.ts';
import { answerWith, confirm, type Presentation, passRead } from '../canonical.ts';
import { type Form, mediaTypes } from '../form.ts';
import { packumentResource } from '../name.ts';
import type { NpmOrigin } from '../origin.ts';
import { readCurrent } from '../policy/current.ts';
import { originalOf } from '../source.ts';
import type { FreshChoices } from './choices.ts';

/**
 * Outdated ones are of use while they are made anew: a version that came a minute ago is hardly ever the one that matters, and nothing is given
 * out by them.
 */
const staleS = 7 * 86_400;
/** What they were made of. */
const madeOfField = 'meridian-made-of';

export async function pullChoices(
  npm: NpmOrigin,
  name: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const fresh = npm.freshChoices.get(name);
  if (fresh !== undefined) return answerFor(npm, fresh, ask);
  const resource = packumentResource(npm.route, formAt(npm, name, origin), name, npm.metadata);
  const packument = await readCurrent(npm, name, resource, ask, origin);
  if (packument.status !== 200) return passRead(packument);
  const { headers } = packument;
  const madeOf = originalOf(headers.get(sourceField)) ?? '';
  const before = ask.stored?.fields.find(([field]) => field === madeOfField)?.[1];
  if (ask.stored !== null && madeOf !== '' && before === madeOf)
    return confirm(ask.stored.etag, presented(npm, headers));
  const chunks = await copyInPieces(packument.bytes);
  const document = await npm.deriver.run({ task: 'choices', chunks }, chunks);
  return answerFor(npm, { document, madeOf, head: headers }, ask);
}

function answerFor(npm: NpmOrigin, { document, madeOf, head }: FreshChoices, { stored }: Ask): Answer {
  const answer = answerWith(document, presented(npm, head), stored);
  answer.headers.set(madeOfField, madeOf);
  return answer;
}

function presented(npm: NpmOrigin, head: Headers): Presentation {
  const cacheControl = cacheControlOf({ ...npm.metadata, staleWhileRevalidateS: staleS }, head);
  return { contentType: mediaTypes.full, cacheControl };
}

/** The one that is there: both tell the same. */
function formAt({ route, metadata }: NpmOrigin, name: string, { heldBytes }: OriginDoor): Form {
  const isThere = (form: Form) => heldBytes(packumentResource(route, form, name, metadata)) !== null;
  return !isThere('abbreviated') && isThere('full') ? 'full' : 'abbreviated';
}
