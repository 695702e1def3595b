/**
 * What the `User-Agent` of who asks for a manifest tells: what he is going to do with it, and for which platform. docker and CRI-O say the
 * platform; containerd, podman, buildah and skopeo do not.
 */
import { memoise } from '../../../http/memo.ts';

export interface Client {
  /** `linux/arm64`; `null`: he does not say. */
  readonly platform: string | null;
  /** How likely it is that he takes what a manifest names, once he has asked for it by GET: 0 to 1. */
  readonly takes: number;
  /** The same, once he has asked by HEAD. 0: he only looks which one it is. */
  readonly takesAfterHead: number;
}

/**
 * Of those who resolve a tag by HEAD and fetch by digest, some have that image already, and stop there. What is made with a library for
 * registries may be anything, also something that only compares.
 */
const clients: readonly (readonly [RegExp, takes: number, takesAfterHead: number])[] = [
  [/^(?:docker|containerd|nerdctl|buildkit|cri-o)\//i, 1, 0.7],
  [/^(?:containers|libpod|podman|buildah|skopeo)\//i, 1, 0],
  [/^(?:helm|oras)\b/i, 1, 0.9],
  [/^(?:kaniko|crane|apptainer|singularity)\b/i, 1, 0],
  [/\bgo-containerregistry\//i, 0.6, 0],
];

/** Words that Go has for what it runs on. */
const platformPattern = /\bos\/([a-z0-9]{1,16}) arch\/([a-z0-9]{1,16})(?![\w/])/;

/** `unknown`: nothing is known of what he does. */
export const clientOf: (userAgent: string) => Client | 'unknown' = memoise((userAgent: string) => {
  const [, takes, takesAfterHead] = clients.find(([pattern]) => pattern.test(userAgent)) ?? [];
  if (takes === undefined || takesAfterHead === undefined) return 'unknown';
  const [, os, architecture] = platformPattern.exec(userAgent) ?? [];
  return { platform: os === undefined ? null : `${os}/${architecture}`, takes, takesAfterHead };
});
