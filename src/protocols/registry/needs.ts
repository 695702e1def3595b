/** What a client asks for to use one version, for nodes that are told to have it: what would be mirrored of it, and the roots. */
import type { Needs, NeedsGiven } from '../../foresight.ts';
import type { Protocol, Wanted } from '../../protocol.ts';
import type { RegistryOrigin } from './ecosystem.ts';

export type NeedingOrigin = Pick<RegistryOrigin, 'ecosystem' | 'prefix' | 'maxIndexBytes'>;

/** Absent where the ecosystem does not say what its clients ask for. */
export function needsOf(registry: NeedingOrigin): Pick<Protocol, 'needs'> {
  if (registry.ecosystem.needs === undefined) return {};
  return { needs: (wanted, given) => needs(registry, wanted, given) };
}

async function needs(
  { ecosystem, prefix, maxIndexBytes }: NeedingOrigin,
  wanted: Wanted,
  { read }: NeedsGiven,
): Promise<Needs> {
  const name = ecosystem.canonical(wanted.name);
  const found = await ecosystem.needs?.(
    { ...wanted, name },
    {
      async read(path) {
        const { status, bytes } = await read(`${prefix}${path}`, maxIndexBytes);
        return status === 200 ? bytes : null;
      },
    },
  );
  const paths = (found ?? []).map(({ path }) => path);
  const roots = paths.length === 0 ? [] : (ecosystem.roots ?? []);
  const items = [...roots, ...paths].map((path) => ({ target: `${prefix}${path}`, bytes: 0, etag: null }));
  return { items, about: null, isSeen: false, lacks: null };
}
