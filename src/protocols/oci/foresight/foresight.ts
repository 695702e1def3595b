/**
 * What whoever asks for a manifest is going to ask for next: of an index the manifest for his platform, and of that one the config and the
 * layers. A tag is resolved as the origin has it, and what the policy refuses there is foreseen for nobody.
 */
import { z } from 'zod';
import type { Clock } from '../../../clock.ts';
import { MeridianError } from '../../../errors.ts';
import { inOtherWords } from '../../../exchange.ts';
import type { Clue, Foreseen } from '../../../foresight.ts';
import { parsedJson } from '../../../http/json.ts';
import type { Foreseeing, Foresight, Mount, Protocol } from '../../../protocol.ts';
import type { FreshnessPolicy } from '../../../resource.ts';
import { type Step, walk } from '../../walk.ts';
import { longestManifest } from '../answers.ts';
import { readDigest } from '../digest.ts';
import { fieldsIn, platformIn } from '../outline.ts';
import { below, readPath } from '../path.ts';
import { choose, type Offered } from './choice.ts';
import { clientOf } from './client.ts';

export interface ForeseeingImages {
  readonly mount: Mount;
  readonly clock: Clock;
  /** How long a tag stays what it is. */
  readonly metadata: FreshnessPolicy;
  readonly name: Protocol['name'];
}

/** Indexes in indexes: what is deeper is left to whoever asks for it. */
const deepest = 3;
/** More layers than these no client takes (`overlayfs` has 500 at most). */
const mostLayers = 500;

/** A manifest that is going to be read. */
interface Want {
  /** A tag, or a digest. */
  readonly reference: string;
  readonly likelihood: number;
  readonly depth: number;
}

export function foresightOf({ mount, clock, metadata, name }: ForeseeingImages): Foresight {
  const base = mount.prefix.endsWith('/v2') ? mount.prefix : `${mount.prefix}/v2`;

  return {
    clue(named, { path, query, method, headers }): Clue | null {
      if (named.as !== 'resource' || (named.kind !== 'tag' && named.kind !== 'manifest')) return null;
      const client = clientOf(headers.get('user-agent') ?? '');
      if (client === 'unknown') return null;
      const likely = method === 'HEAD' ? client.takesAfterHead : client.takes;
      const wanted = readPath(below(mount, path) ?? '');
      if (likely === 0 || wanted.kind !== 'manifest') return null;
      const { reference } = wanted;
      const source = query === '' ? null : new URLSearchParams(query).get('ns');
      const question = new URLSearchParams({
        name: wanted.name,
        reference: 'tag' in reference ? reference.tag : reference.digest,
        ...(source !== null && { ns: source }),
        ...(client.platform !== null && { platform: client.platform }),
        ...(likely < 1 && { likely: String(likely) }),
        ...(method === 'HEAD' && { after: 'head' }),
      });
      return { question: question.toString(), foreseen: [] };
    },

    async foresee(question, { ask, door }: Foreseeing) {
      const { name: repository, reference, ns, platform = null, likely, after } = readQuestion(question);
      const query = ns === undefined ? '' : `?${new URLSearchParams({ ns })}`;
      const targetOf = (rest: string) => `${base}/${repository}/${rest}${query}`;

      async function expand({ reference, likelihood, depth }: Want): Promise<Step<Want>> {
        const target = targetOf(`manifests/${reference}`);
        const { headers, bytes } = await read(target);
        const foreseen: Foreseen[] = [];
        const digest = readDigest(headers.get('docker-content-digest') ?? '');
        // Whoever has asked by HEAD which one it is, fetches that.
        if (depth === 1 && after === 'head' && digest !== null)
          foreseen.push({ target: targetOf(`manifests/${digest}`), bytes: bytes.byteLength, likelihood });
        const manifest = readManifest(bytes);
        const choice = depth < deepest ? choose(manifest.offered, platform) : null;
        if (choice === null) {
          for (const { digest, size } of manifest.parts)
            foreseen.push({ target: targetOf(`blobs/${digest}`), bytes: size, likelihood });
          return { foreseen, wants: [] };
        }
        const { digest: child, size } = choice.offered;
        const next = { reference: child, likelihood: likelihood * choice.likelihood, depth: depth + 1 };
        foreseen.push({ target: targetOf(`manifests/${child}`), bytes: size, likelihood: next.likelihood });
        return { foreseen, wants: [next] };
      }

      /** @throws MeridianError unless it may be had. */
      async function read(target: string) {
        const [path = '', query = ''] = target.split('?', 2);
        const own = { ...inOtherWords(ask.exchange, { method: 'GET' }), target, path, query };
        const named = name(own);
        if (named.as !== 'resource')
          throw new MeridianError('request-malformed', `nobody asks for ${target}`);
        const answer = await door.read(
          named,
          { ...ask, exchange: own, named, stored: null },
          longestManifest,
        );
        if (answer.status !== 200) throw new MeridianError('not-found', `${target} is ${answer.status}`);
        return answer;
      }

      const first = { reference, likelihood: likely, depth: 1 };
      const idOf = (want: Want) => want.reference;
      const { foreseen, isWhole } = await walk([first], { clock, expand, idOf, signal: ask.signal });
      // Of what is not there, or cannot be had just now, there may be more to say soon.
      const isKnown = isWhole && foreseen.length > 0;
      const freshS = readDigest(reference) === null ? metadata.freshS : undefined;
      return { foreseen, isWhole: isKnown, ...(freshS !== undefined && { freshS }) };
    },
  };
}

const questionShape = z.object({
  name: z.string().min(1),
  reference: z.string().min(1),
  ns: z.string().optional(),
  platform: z.string().optional(),
  likely: z.coerce.number().gt(0).max(1).default(1),
  after: z.literal('head').optional(),
});

function readQuestion(question: string): z.output<typeof questionShape> {
  const { data, error } = questionShape.safeParse(Object.fromEntries(new URLSearchParams(question)));
  if (data === undefined)
    throw new MeridianError('request-malformed', `no question about an image: ${error.message}`);
  const wanted = readPath(`/${data.name}/manifests/${data.reference}`);
  if (wanted.kind === 'manifest') return data;
  throw new MeridianError('request-malformed', `${data.name} has no manifest "${data.reference}"`);
}

const part = z.object({
  digest: z.string().refine((text) => readDigest(text) !== null),
  size: z.int().nonnegative(),
  urls: z.array(z.string()).optional(),
});
const offer = part.extend({
  platform: z.unknown().optional(),
  annotations: z.record(z.string(), z.unknown()).nullish(),
});
const shape = z.object({
  manifests: z.array(offer).optional(),
  config: part.optional(),
  layers: z.array(part).max(mostLayers).optional(),
});

interface Manifest {
  readonly offered: readonly Offered[];
  /** Config and layers, but for what lies elsewhere (`urls`), which is for the client to fetch. */
  readonly parts: readonly z.output<typeof part>[];
}

/** Of what is no manifest, or not one of today: nothing. */
function readManifest(bytes: Uint8Array): Manifest {
  const { data } = shape.safeParse(parsedJson(new TextDecoder().decode(bytes)));
  const offered = (data?.manifests ?? []).map(
    ({ digest, size, platform, annotations }): Offered => ({
      ...{ digest, size, platform: platformIn(platform) },
      // BuildKit says of an attestation that it is for an unknown platform.
      isAbout:
        annotations?.['vnd.docker.reference.type'] !== undefined || fieldsIn(platform)?.['os'] === 'unknown',
    }),
  );
  const parts = [...(data?.config ? [data.config] : []), ...(data?.layers ?? [])].filter(
    ({ urls = [] }) => urls.length === 0,
  );
  return { offered, parts };
}
