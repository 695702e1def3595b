/** What a package is, in a line, and what keeps people from having it. */
import type { PackagePage } from '../../data/api.ts';
import { Notice } from '../../parts/notice.tsx';
import { Kinds } from '../packages/results.tsx';

interface Shown {
  readonly page: PackagePage;
  /** What its clients do with one. */
  readonly done: 'installed' | 'pulled';
}

export function Standing({ page, done }: Shown) {
  const { name, kind, access, latest, description, blocked, note } = page;
  return (
    <>
      <p class="row package-state">
        {latest !== null && <strong>{latest}</strong>}
        <Kinds kind={kind} access={access} />
        {description}
      </p>
      {blocked !== null && (
        <Notice kind="bad">
          Nothing of it can be {done} here: {name} {blocked.why}.
        </Notice>
      )}
      {note !== null && <Notice kind="quiet">{note}.</Notice>}
    </>
  );
}
