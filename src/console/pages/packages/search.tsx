/** The field that searches while somebody types, and the filters beside it. */
import { useEffect, useId, useState } from 'preact/hooks';
import { Choice } from '../../parts/form.tsx';
import { Segments } from '../../parts/segments.tsx';
import { kinds, type Wanted } from './wanted.ts';

/** Nobody types slower than this and waits for an answer. */
const pauseMs = 250;

export function Search({
  wanted,
  want,
  routes,
}: {
  readonly wanted: Wanted;
  readonly want: (change: Partial<Omit<Wanted, 'cursor'>>, isTyped?: boolean) => void;
  readonly routes: readonly { readonly route: string; readonly protocol: string }[];
}) {
  const id = useId();
  const [typed, setTyped] = useState(wanted.text);
  useEffect(() => setTyped(wanted.text), [wanted.text]);
  useEffect(() => {
    if (typed === wanted.text) return;
    const timer = setTimeout(() => want({ text: typed }, true), pauseMs);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <search class="package-search">
      <div class="field">
        <label for={id}>Search</label>
        <input
          id={id}
          type="search"
          value={typed}
          placeholder="Words of its name, its keywords, its description"
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </div>
      {routes.length > 1 && (
        <Choice
          label="Route"
          value={wanted.route}
          set={(route) => want({ route })}
          of={[
            ['', 'All routes'],
            ...routes.map(({ route, protocol }) => [route, routeTitle(route, protocol)] as const),
          ]}
        />
      )}
      <Segments label="Kind" options={kinds} value={wanted.kind} choose={(kind) => want({ kind })} />
    </search>
  );
}

export function routeTitle(route: string, protocol: string): string {
  return route === protocol ? route : `${route} (${protocol})`;
}
