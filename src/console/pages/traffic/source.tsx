/** Whose traffic is shown: that of all nodes of a role, or of one node. */
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';

export type Source =
  | { readonly kind: 'role'; readonly name: string }
  | { readonly kind: 'node'; readonly name: string };

const roles = [
  { name: 'pop', label: 'All PoPs' },
  { name: 'shield', label: 'All shields' },
  { name: 'origin', label: 'All origins' },
] as const;

/** What clients see is what PoPs do, unless the address says otherwise. */
export function sourceOf(query: Readonly<Record<string, string>>): Source {
  const { node, role } = query;
  if (node !== undefined) return { kind: 'node', name: node };
  const known = roles.find(({ name }) => name === role);
  return { kind: 'role', name: known?.name ?? 'pop' };
}

const everyMs = 30_000;

export function WhoseTraffic({
  source,
  choose,
}: {
  readonly source: Source;
  readonly choose: (changes: Readonly<Record<string, string | undefined>>) => void;
}) {
  const { ask } = useSession();
  const nodes = useAnswer(() => ask('GET', '/nodes'), [], everyMs);
  const told = (nodes.value ?? []).map(({ node }) => node);
  // One that is not heard of any more still has its past.
  const names = [...new Set(source.kind === 'node' ? [...told, source.name] : told)].sort();
  return (
    <select
      aria-label="Whose traffic"
      value={`${source.kind}:${source.name}`}
      onChange={({ currentTarget: { value } }) => {
        const [kind, name] = [value.slice(0, 4), value.slice(5)];
        choose(kind === 'node' ? { node: name, role: undefined } : { role: name, node: undefined });
      }}
    >
      <optgroup label="Roles">
        {roles.map(({ name, label }) => (
          <option key={name} value={`role:${name}`}>
            {label}
          </option>
        ))}
      </optgroup>
      <optgroup label="Nodes">
        {names.map((name) => (
          <option key={name} value={`node:${name}`}>
            {name}
          </option>
        ))}
      </optgroup>
    </select>
  );
}
