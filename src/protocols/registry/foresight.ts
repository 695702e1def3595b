/**
 * What clients of an ecosystem ask for next: a request tells which tree of dependencies somebody is about to fetch (at the PoP), and the indexes
 * that the origin has tell what is in that tree. An ecosystem says both (`EcosystemForesight`); how a tree is gone through is the same for all.
 */
import { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Clue, Foreseen } from '../../foresight.ts';
import type { Foreseeing, Foresight } from '../../protocol.ts';
import { restOf } from '../turn.ts';
import { walk, walkMs } from '../walk.ts';
import type {
  Beginning,
  EcosystemForesight,
  ForeseenItem,
  Pulling,
  RegistryOrigin,
  Tree,
  Want,
} from './ecosystem.ts';
import { itemOf, readItem } from './item.ts';

/** Of one question. */
const mostWants = 64;
const longestQuestion = 1_500;
/** ms, once the walk is over, to tell what came of it. */
const endingMs = 1_000;

export function foresightOf(
  { begins, codings, expand, ends }: EcosystemForesight,
  { prefix, origin }: { readonly prefix: string; readonly origin: RegistryOrigin },
): Foresight {
  const foreseenOf = ({ item: { name, path }, ...others }: ForeseenItem): Foreseen => ({
    target: `${prefix}/${path}`,
    ...others,
    ...(name !== null && origin.isRestricted(name) && { restricted: true }),
  });

  return {
    ...(codings !== undefined && { codings }),
    clue(named, exchange: Exchange, doing): Clue | null {
      const item = named.as === 'resource' ? itemOf(named) : null;
      const beginning = item && begins(item, exchange.headers, doing);
      const question = beginning && questionOf(beginning);
      return question === null ? null : { question, foreseen: [], settles: beginning?.settles };
    },

    async foresee(question, { ask, door }: Foreseeing) {
      const { wants, about } = readQuestion(question);
      const at: Pulling = { registry: origin, ask, door };
      const { clock } = origin;
      const { signal } = ask;
      const rest = restOf(clock);
      let untilMs = clock.elapsed() + walkMs;
      let isCut = false;
      const tree: Tree = {
        about,
        registry: origin,
        notes: new Map(),
        async read(item, maxBytes = origin.maxIndexBytes) {
          const { status, bytes } = await readItem(item, at, maxBytes);
          // What is at hand comes without a pause, and takes time to be made something of.
          await rest();
          return status === 200 ? bytes : null;
        },
        async rest() {
          await rest();
          const isOver = signal.aborted || clock.elapsed() >= untilMs;
          isCut ||= isOver;
          return !isOver;
        },
      };
      const plan = await walk(
        wants,
        {
          ...{ clock, signal },
          idOf: ({ name, range, detail = '' }) => `${name} ${range} ${detail}`,
          async expand(want) {
            const { items, wants } = await expand(want, tree);
            return { foreseen: items.map(foreseenOf), wants };
          },
        },
        async () => {
          untilMs = clock.elapsed() + endingMs;
          return ((await ends?.(tree)) ?? []).map(foreseenOf);
        },
      );
      return isCut ? { ...plan, isWhole: false } : plan;
    },
  };
}

/**
 * About as many wants as it has room for: the others are asked about by the requests that they lead to.
 * @returns `null` where nothing is wanted, or what is wanted first is too long, or is none that could be read back.
 */
function questionOf({ wants, about }: Beginning): string | null {
  const words = new URLSearchParams(Object.entries(about).sort(([a], [b]) => (a < b ? -1 : 1)));
  let question: string | null = null;
  for (const { name, range, detail = '' } of wants.slice(0, mostWants)) {
    if (!isWord(name) || name === '' || !isWord(detail)) return null;
    words.append('want', `${name} ${detail} ${range}`);
    const longer = words.toString();
    if (longer.length > longestQuestion) return question;
    question = longer;
  }
  return question;
}

function isWord(text: string): boolean {
  return !/\s/.test(text);
}

/** @throws `request-malformed`. */
function readQuestion(question: string): Beginning {
  const words = new URLSearchParams(question);
  const wants = words.getAll('want').map((text): Want => {
    const [, name, detail = '', range = ''] = /^(\S+) (\S*) (.*)$/s.exec(text) ?? [];
    if (name === undefined) throw new MeridianError('request-malformed', `nobody wants "${text}"`);
    return { name, range, ...(detail !== '' && { detail }) };
  });
  if (wants.length === 0 || wants.length > mostWants)
    throw new MeridianError('request-malformed', `a question is about 1 to ${mostWants} things`);
  const about = Object.fromEntries([...words].filter(([word]) => word !== 'want'));
  return { wants, about };
}
