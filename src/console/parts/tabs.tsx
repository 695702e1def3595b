/** Parts of one page, each with an address and a title of its own. */
import { useTitle } from './title.ts';

export interface Tab {
  /** The last part of its path. */
  readonly id: string;
  readonly title: string;
}

export function Tabs({
  page,
  label,
  base,
  tabs,
  current,
}: {
  /** The page's title. */
  readonly page: string;
  readonly label: string;
  /** The page's path: `/console/access`. */
  readonly base: string;
  readonly tabs: readonly Tab[];
  readonly current: string;
}) {
  const part = tabs.find(({ id }) => id === current)?.title;
  useTitle(part === undefined ? page : `${part} · ${page}`);
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ id, title }) => (
        <a key={id} href={`${base}/${id}`} aria-current={id === current ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}
