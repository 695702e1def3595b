/** The fields of a right: actions, routes, subjects. */
import type { Right } from '../../data/api.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { repeated } from '../../parts/cli.tsx';
import { Checks, TextField } from '../../parts/form.tsx';

export interface RightDraft {
  readonly actions: Right['actions'];
  /** Words with spaces or commas between. */
  readonly routes: string;
  readonly subjects: string;
}

export const emptyRight: RightDraft = { actions: ['read'], routes: '*', subjects: '*' };

export function RightFields({
  draft,
  set,
}: {
  readonly draft: RightDraft;
  readonly set: (draft: RightDraft) => void;
}) {
  const { ask } = useSession();
  const routes = useAnswer(() => ask('GET', '/routes'), []);
  return (
    <>
      <Checks
        label="Actions"
        of={[
          ['read', 'Read'],
          ['publish', 'Publish'],
          ['delete', 'Delete'],
          ['admin', 'Administer'],
        ]}
        chosen={draft.actions}
        set={(actions) => set({ ...draft, actions })}
      />
      <div class="pair">
        <TextField
          label="Routes"
          note={<Names of={(routes.value ?? []).map(({ name }) => name)} />}
          required
          value={draft.routes}
          set={(text) => set({ ...draft, routes: text })}
        />
        <TextField
          label="Subjects"
          note={
            <>
              Packages, such as <code>left-pad</code> or <code>@acme/*</code>; <code>*</code> stands for any
              text.
            </>
          }
          required
          value={draft.subjects}
          set={(text) => set({ ...draft, subjects: text })}
        />
      </div>
    </>
  );
}

function Names({ of }: { readonly of: readonly string[] }) {
  return (
    <>
      <code>*</code> is all of them{of.length > 0 && `; there are: ${of.join(', ')}`}
    </>
  );
}

export function rightIn({ actions, routes, subjects }: RightDraft): Right {
  return { actions, routes: wordsIn(routes), subjects: wordsIn(subjects) };
}

/** Of a field that takes several. */
export function wordsIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

export function isWhole({ actions, routes, subjects }: Right): boolean {
  return actions.length > 0 && routes.length > 0 && subjects.length > 0;
}

/** As options of a command. */
export function rightOptions({ actions, routes, subjects }: Right): string[] {
  return [
    ...repeated('--action', actions),
    ...repeated('--route', routes),
    ...repeated('--subject', subjects),
  ];
}
