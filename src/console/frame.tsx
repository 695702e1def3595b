/** What is around every page: the navigation, who is signed in, light or dark. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { useSession } from './data/session.ts';
import { type PageRow, pages } from './pages.ts';
import { Icon } from './parts/icon.tsx';
import { ThemeChoice } from './parts/theme.tsx';

export function Frame({ children }: { readonly children: ComponentChildren }) {
  const { own, leave } = useSession();
  const { path } = useLocation();
  const main = useRef<HTMLElement>(null);
  const titled = pages.filter(({ title }) => title !== undefined);
  const current = titled.filter((page) => isAt(path, page)).at(-1);

  useEffect(() => {
    document.title = current?.title === undefined ? 'Meridian' : `${current.title} · Meridian`;
  }, [current?.title]);

  const isFirst = useRef(true);
  useEffect(() => {
    // A new page begins at its top, for those who hear it, too; but not the first one, whose beginning is the page's.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [path]);

  return (
    <div class="frame">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="top">
        <a class="brand" href="/console/">
          <Icon name="globe" /> Meridian
        </a>
        <nav aria-label="Pages">
          <ul>
            {titled.map(({ path: at, title, icon }) => (
              <li key={at}>
                <a href={at} aria-current={current?.path === at ? 'page' : undefined}>
                  <Icon name={icon ?? 'globe'} />
                  <span>{title}</span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="who">
          <ThemeChoice />
          <span class="own" title={own.administers ? 'Administers the network' : 'An account'}>
            {own.name}
          </span>
          <button type="button" onClick={leave}>
            Sign out
          </button>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function isAt(path: string, { path: page, also }: PageRow): boolean {
  if (also !== undefined && path.startsWith(also)) return true;
  return page === '/console/'
    ? path === page || path === '/console' || path.startsWith('/console/nodes')
    : path.startsWith(page);
}
