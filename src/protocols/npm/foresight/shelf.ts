/** At the origin, for one question: the choices of packages, in the terms in which a PoP asks for what they stand for. */
import type { Foreseen } from '../../../foresight.ts';
import { parseCacheControl } from '../../../http/cache-control.ts';
import type { Foreseeing } from '../../../protocol.ts';
import { fewAtOnce } from '../../few-at-once.ts';
import { restOf } from '../../turn.ts';
import type { Form } from '../form.ts';
import { choicesResource, packumentResource, tarballResource } from '../name.ts';
import type { NpmOrigin } from '../origin.ts';
import { fileOf } from './choices.ts';
import type { Question } from './clue.ts';
import type { Picker } from './pick.ts';
import type { Remembered } from './remembered.ts';

export interface Shelf {
  /** `null`: there is no such package, or nobody may use it. Fails where that cannot be found out. */
  load(name: string): Promise<Picker | null>;
  /** The same; `null` also where that cannot be found out. */
  find(name: string): Promise<Picker | null>;
  /** What is at hand. */
  at(name: string): Picker | null;
  document(name: string, likelihood: number): Foreseen;
  file(picker: Picker, at: number, likelihood: number): Foreseen;
  /** Whether somebody has asked for the file of a version already, as far as the origin still has it. */
  isHeld(picker: Picker, at: number): boolean;
  /** Lets others have a turn, where this one has been long. */
  rest(): Promise<void>;
}

/** Read at once, for one question. */
const mostAtOnce = 32;
const mostWaiting = 10_000;
const mostChoicesBytes = 16 * 1024 * 1024;
/** Tarballs are so much shorter than what is in them, on the average. */
const packedShare = 0.27;
/** ms. Choices are not looked up again for as long as their document is fresh, but at least, and at most, for so long. */
const rememberMs = { least: 10_000, most: 600_000 };

/** What matters here of a question. Who has a lock file asks for no documents, so none are fetched for him either. */
type Wanted = Pick<Question, 'form' | 'locked'>;

export function openShelf(
  npm: NpmOrigin,
  remembered: Remembered,
  { form, locked }: Wanted,
  { ask, door }: Foreseeing,
): Shelf {
  const { route, prefix, metadata, clock } = npm;
  const pickers = new Map<string, Picker | null>();
  const loading = new Map<string, Promise<Picker | null>>();
  const isLocked = locked !== null;
  const rest = restOf(clock);
  const few = fewAtOnce(mostAtOnce, mostWaiting, 'what there is to choose from');

  function knownOf(name: string): Promise<Picker> | null {
    const resource = choicesResource(route, name, metadata);
    const known = remembered.find(name, clock.elapsed(), (since) => door.spares(resource, since));
    return known && Promise.resolve(known);
  }

  async function read(name: string): Promise<Picker | null> {
    const resource = choicesResource(route, name, metadata);
    // What he is going to ask for tells as much as the other form, which nobody may want.
    const isThere = [resource, inForm('full', name), inForm('abbreviated', name)].some(
      (each) => door.heldBytes(each) !== null,
    );
    if (!isThere && isLocked) return null;
    if (!isThere) await door.read(inForm(form, name), ask, 2 * npm.maxPackumentBytes);
    const asOf = door.newestPurge;
    const { status, headers, bytes } = await door.read(resource, ask, mostChoicesBytes);
    if (status !== 200) return null;
    await rest();
    const until = { untilMs: clock.elapsed() + keptMs(headers), asOf };
    return remembered.remember(name, headers.get('etag') ?? '', bytes, until);
  }

  const inForm = (which: Form, name: string) => packumentResource(route, which, name, metadata);

  const fileResource = (picker: Picker, at: number) => {
    const { choices } = picker;
    return tarballResource(route, choices.name, fileOf(choices, choices.versions[at]!));
  };

  async function load(name: string): Promise<Picker | null> {
    const there = pickers.get(name);
    if (there !== undefined) return there;
    const begun = loading.get(name) ?? knownOf(name) ?? few(() => read(name));
    loading.set(name, begun);
    const picker = await begun;
    pickers.set(name, picker);
    return picker;
  }

  return {
    load,

    find: (name) =>
      load(name).catch(() => {
        pickers.set(name, null); // Nothing is foreseen of it. Whoever asks for it hears what is wrong.
        return null;
      }),

    at: (name) => pickers.get(name) ?? null,

    document(name, likelihood) {
      const bytes = door.heldBytes(inForm(form, name));
      return {
        target: `${prefix}/${name.replace('/', '%2f')}`,
        ...(bytes !== null && { bytes }),
        likelihood,
      };
    },

    file(picker, at, likelihood) {
      const { choices } = picker;
      const choice = choices.versions[at]!;
      const [, , unpackedBytes] = choice;
      const held = door.heldBytes(fileResource(picker, at));
      const bytes = held ?? Math.round(unpackedBytes * packedShare);
      return {
        target: `${prefix}/${choices.name}/-/${fileOf(choices, choice)}`,
        ...(bytes > 0 && { bytes }),
        likelihood,
      };
    },

    isHeld: (picker, at) => door.heldBytes(fileResource(picker, at)) !== null,

    rest,
  };
}

function keptMs(headers: Headers): number {
  const { maxAge = 0 } = parseCacheControl(headers.get('cache-control'));
  const leftMs = (maxAge - (Number(headers.get('age')) || 0)) * 1000;
  return Math.min(rememberMs.most, Math.max(rememberMs.least, leftMs));
}
