/** What a list is searched for, kept in the page's address. */
import { useQuery } from '../data/use-query.ts';

export function Search({
  label,
  by = 'find',
}: {
  readonly label: string;
  /** Its name in the address. */
  readonly by?: string;
}) {
  const [query, change] = useQuery();
  return (
    <input
      type="search"
      class="search"
      aria-label={label}
      placeholder={label}
      spellcheck={false}
      autocomplete="off"
      value={query[by] ?? ''}
      onInput={({ currentTarget: { value } }) => change({ [by]: value === '' ? undefined : value })}
    />
  );
}
