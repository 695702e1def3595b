/**
 * Which upstreams a name may come from. What lives here is never asked for elsewhere; what an upstream claims by a pattern is asked for there
 * and nowhere else, also when it fails; everything else, of the upstreams that claim nothing, one after the other. So nobody can slip a
 * package in under the name of a private one (dependency confusion).
 */
import type { Remote } from '../../parent.ts';
import type { Sender } from '../elsewhere.ts';
import type { UpstreamOptions } from './options.ts';
import { nameMatcher } from './patterns.ts';

export interface Source extends Sender {
  /** With credentials, which go to this address alone. */
  readonly remote: Remote;
  /** It is only by the word of this one that it is where it is: such an address is followed as a redirect of that one is. */
  readonly toldBy?: Source | undefined;
}

export interface Sources {
  /** In the order in which they are asked: the first that has it is the one. Empty: nobody may be asked. @param name `null`: the registry as a whole. */
  of(name: string | null): readonly Source[];
  /** By the name that the config gives it; `null`: there is none. */
  named(name: string): Source | null;
  readonly all: readonly Source[];
}

/** @param livesHere what is never asked for anywhere. @param canonical one for all spellings of a name. */
export function openSources(
  upstreams: readonly UpstreamOptions[],
  livesHere: (name: string) => boolean,
  canonical: (name: string) => string = (name) => name,
): Sources {
  const all = upstreams.map(({ name, url, authorization, internalHosts }): Source => {
    const address = url.replace(/\/+$/, '');
    const host = URL.parse(address)?.host ?? address;
    return { name: name ?? host, url: address, internalHosts, remote: { url: address, authorization } };
  });
  const claims = upstreams.flatMap(({ names }, place) => {
    const source = all[place];
    return names.length === 0 || source === undefined
      ? []
      : [{ source, takes: nameMatcher(names, canonical) }];
  });
  const general = all.filter((_, place) => upstreams[place]?.names.length === 0);
  const byName = new Map(
    upstreams.flatMap(({ name }, place) => {
      const source = all[place];
      return name === undefined || source === undefined ? [] : [[name, source] as const];
    }),
  );
  return {
    all,
    named: (name) => byName.get(name) ?? null,
    of(name) {
      if (name === null) return general;
      if (livesHere(name)) return [];
      const claimed = claims.filter(({ takes }) => takes(name)).map(({ source }) => source);
      return claimed.length > 0 ? claimed : general;
    },
  };
}
