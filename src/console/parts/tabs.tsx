/** Parts of one page, each with an address of its own. */
export interface Tab {
  /** The last part of its path. */
  readonly id: string;
  readonly title: string;
}

export function Tabs({
  label,
  base,
  tabs,
  current,
}: {
  readonly label: string;
  /** The page's path: `/console/access`. */
  readonly base: string;
  readonly tabs: readonly Tab[];
  readonly current: string;
}) {
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
